using System.Text.Json.Serialization;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the status of one queue.</summary>
public sealed record QueueStatus : ILocalMessage
{
    /// <summary>Gets the queue's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the state of the queue.</summary>
    public required QueueState State { get; init; }

    /// <summary>Gets the engine of the last opening and the reason for its choice; null before the first opening.</summary>
    public EngineChoice? Engine { get; init; }

    /// <summary>Gets the network interface that the options name; null without a NIC.</summary>
    public string? Interface { get; init; }

    /// <summary>Gets the RX queue of <see cref="Interface"/>; null without a NIC.</summary>
    public int? RxQueue { get; init; }

    /// <summary>Gets the used fraction of the pool above which connections with too many leases are paused.</summary>
    public double HighWaterMark { get; init; }

    /// <summary>Gets the used fraction of the pool below which the paused connections are resumed.</summary>
    public double LowWaterMark { get; init; }

    /// <summary>Gets the number of times that the queue was opened again since the start, after a failure or by a command.</summary>
    public long Restarts { get; init; }

    /// <summary>Gets the last failure; null if the queue never failed.</summary>
    [JsonConverter(typeof(ExceptionJsonConverter))]
    public Exception? LastError { get; init; }

    /// <summary>Gets the full length of the current restart delay; null if the queue is not waiting for a restart.</summary>
    public TimeSpan? RestartDelay { get; init; }

    /// <summary>Gets the time of the last opening; null while the queue is not open.</summary>
    public DateTimeOffset? OpenSince { get; init; }

    /// <summary>Gets the pressure level of the pool.</summary>
    public PoolPressureLevel Pressure => Statistics?.Pressure ?? PoolPressureLevel.Normal;

    /// <summary>Gets the callback in which the ring thread is stuck; null if the ring thread is not stuck.</summary>
    public StuckQueue? Stuck { get; init; }

    /// <summary>
    /// Gets the buffers that wait in operators, if the pool is exhausted and operators hold most of it; null otherwise. See
    /// <see cref="PoolPressure.Queued"/>.
    /// </summary>
    public QueuedBuffers? Queued { get; init; }

    /// <summary>Gets the number of connections that should receive but do not; see <see cref="ReceiveStall"/>.</summary>
    public int StalledConnections => Statistics?.StalledConnections ?? 0;

    /// <summary>Gets the state of the kernel notifications, one entry per type; empty while the queue is not open.</summary>
    public IReadOnlyList<NotificationStatus> Notifications { get; init; } = [];

    /// <summary>Gets the connections of the queue, ordered by id; empty if the command did not include connections.</summary>
    public IReadOnlyList<ConnectionStatus> Connections { get; init; } = [];

    /// <summary>Gets the counters since the last opening; null before the first opening.</summary>
    public QueueStatistics? Statistics { get; init; }
}
