using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>How one queue stands.</summary>
public sealed record QueueStatus
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

    /// <summary>Its counters since it was last opened; null while it is not open.</summary>
    public QueueStatistics? Statistics { get; init; }
}
