using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>The whole tree at one moment: queues and listeners, in the order in which they are configured.</summary>
public sealed record ZcrxStatus : ILocalMessage
{
    /// <summary>Where the whole stands.</summary>
    public required ZcrxState State { get; init; }

    /// <summary>Whether the ports are open; not any more after <see cref="ZcrxCommand.CloseListeners"/> and <see cref="ZcrxCommand.Stop"/>.</summary>
    public bool IsAccepting { get; init; }

    /// <summary>Why the last change of the options was refused: every error, with its configuration path. Empty when it was not.</summary>
    public IReadOnlyList<string> RefusedOptions { get; init; } = [];

    /// <summary>The queues.</summary>
    public IReadOnlyList<QueueStatus> Queues { get; init; } = [];

    /// <summary>The listeners.</summary>
    public IReadOnlyList<ListenerStatus> Listeners { get; init; } = [];

    /// <summary>What the rebalancer has done, and how it stands.</summary>
    public RebalancingStatus Rebalancing { get; init; } = new();

    /// <summary>When this was true.</summary>
    public required DateTimeOffset Time { get; init; }
}
