using Zcrx.Rx.Options;

namespace Zcrx.Rx.Ring;

/// <summary>Provides the components of a queue with its options, clock and counters.</summary>
/// <param name="Options">The current options of the queue.</param>
/// <param name="Clock">The clock of the queue.</param>
/// <param name="Counters">The counters of the queue.</param>
/// <param name="IsOnNic">Whether the queue receives from an RX queue of a NIC.</param>
internal sealed record QueueContext(CurrentOptions Options, RingClock Clock, QueueCounters Counters, bool IsOnNic)
{
    /// <summary>Gets what the ring thread publishes about its progress.</summary>
    public RingHeartbeat Heartbeat { get; } = new(Clock);
}
