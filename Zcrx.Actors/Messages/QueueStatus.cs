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

    /// <summary>Gets its state.</summary>
    public required QueueState State { get; init; }

    /// <summary>Gets the engine with which the queue was last opened, and why it was chosen; null before the first opening.</summary>
    public EngineChoice? Engine { get; init; }

    /// <summary>Gets the network interface that the options name; null without a NIC.</summary>
    public string? Interface { get; init; }

    /// <summary>Gets the RX queue of <see cref="Interface"/>; null without a NIC.</summary>
    public int? RxQueue { get; init; }

    /// <summary>Gets the used part of the pool above which connections with too many leases are paused.</summary>
    public double HighWaterMark { get; init; }

    /// <summary>Gets the used part of the pool below which they are resumed.</summary>
    public double LowWaterMark { get; init; }

    /// <summary>Gets the number of times that the queue was opened again since the start, planned or not.</summary>
    public long Restarts { get; init; }

    /// <summary>Gets the last failure; null if it never failed.</summary>
    [JsonConverter(typeof(ExceptionJsonConverter))]
    public Exception? LastError { get; init; }

    /// <summary>Gets the whole restart delay while it waits to be opened again; null otherwise.</summary>
    public TimeSpan? RestartDelay { get; init; }

    /// <summary>Gets the time of the last opening; null while it is not open.</summary>
    public DateTimeOffset? OpenSince { get; init; }

    /// <summary>Gets the level of pressure of its pool.</summary>
    public PoolPressureLevel Pressure => Statistics?.Pressure ?? PoolPressureLevel.Normal;

    /// <summary>Gets why its ring thread is stuck; null while it is not.</summary>
    public StuckQueue? Stuck { get; init; }

    /// <summary>Gets the buffers that wait in operators, if these hold most of an exhausted pool; null otherwise. See <see cref="PoolPressure.Queued"/>.</summary>
    public QueuedBuffers? Queued { get; init; }

    /// <summary>Gets the number of connections that should receive but do not; see <see cref="ReceiveStall"/>.</summary>
    public int StalledConnections => Statistics?.StalledConnections ?? 0;

    /// <summary>Gets the state of the kernel's notifications, one entry per type; empty while it is not open.</summary>
    public IReadOnlyList<NotificationStatus> Notifications { get; init; } = [];

    /// <summary>Gets its connections in the order of their numbers; empty if the command did not include them.</summary>
    public IReadOnlyList<ConnectionStatus> Connections { get; init; } = [];

    /// <summary>Gets its counters since it was last opened; null before the first opening.</summary>
    public QueueStatistics? Statistics { get; init; }
}
