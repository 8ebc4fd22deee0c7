using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>How one queue stands.</summary>
public sealed record QueueStatus : ILocalMessage
{
    /// <summary>The queue's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its state.</summary>
    public required QueueState State { get; init; }

    /// <summary>The engine and why it was chosen, since the queue was last opened; null before.</summary>
    public EngineChoice? Engine { get; init; }

    /// <summary>Times that the queue was opened again since the start, planned or not.</summary>
    public long Restarts { get; init; }

    /// <summary>Why it failed last; null when it never did.</summary>
    public Exception? LastError { get; init; }

    /// <summary>While it waits to be opened again: how long it waits in all.</summary>
    public TimeSpan? RestartDelay { get; init; }

    /// <summary>Since when it is open; null while it is not.</summary>
    public DateTimeOffset? OpenSince { get; init; }

    /// <summary>Its pool's level.</summary>
    public PoolPressureLevel Pressure => Statistics?.Pressure ?? PoolPressureLevel.Normal;

    /// <summary>Connections that should receive but do not; see <see cref="ReceiveStall"/>.</summary>
    public int StalledConnections => Statistics?.StalledConnections ?? 0;

    /// <summary>How the kernel's notifications stand, one entry per type; empty while it is not open.</summary>
    public IReadOnlyList<NotificationStatus> Notifications { get; init; } = [];

    /// <summary>Its connections, in the order of their numbers; empty if they were not asked for.</summary>
    public IReadOnlyList<ConnectionStatus> Connections { get; init; } = [];

    /// <summary>Its counters since it was last opened; null while it is not open.</summary>
    public QueueStatistics? Statistics { get; init; }
}
