using Zcrx.Rx.Options;

namespace Zcrx.Rx.Ring;

/// <summary>Provides the options, the clock and the counters to the components on a ring thread.</summary>
/// <param name="Options">The options.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Counters">The counters.</param>
/// <param name="IsOnNic">Whether the queue receives from an RX queue of a NIC.</param>
internal sealed record QueueContext(CurrentOptions Options, RingClock Clock, QueueCounters Counters, bool IsOnNic)
{
    /// <summary>Gets the facts that the ring thread publishes about its turns.</summary>
    public RingHeartbeat Heartbeat { get; } = new(Clock);
}
