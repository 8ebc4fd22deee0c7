namespace Zcrx.Actors;

/// <summary>The whole tree at one moment: queues and listeners, in the order in which they are configured.</summary>
public sealed record ZcrxStatus
{
    /// <summary>Where the whole stands.</summary>
    public required ZcrxState State { get; init; }

    /// <summary>The queues.</summary>
    public IReadOnlyList<QueueStatus> Queues { get; init; } = [];

    /// <summary>The listeners.</summary>
    public IReadOnlyList<ListenerStatus> Listeners { get; init; } = [];

    /// <summary>When this was true.</summary>
    public required DateTimeOffset Time { get; init; }
}
