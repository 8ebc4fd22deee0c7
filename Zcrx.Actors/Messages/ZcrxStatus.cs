using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>Represents the status of the whole tree: queues and listeners, in the order in which they are configured.</summary>
public sealed record ZcrxStatus : ILocalMessage
{
    /// <summary>Gets the state of the tree.</summary>
    public required ZcrxState State { get; init; }

    /// <summary>
    /// Gets a value indicating whether the ports are open. They are not after <see cref="ZcrxCommand.CloseListeners"/> and
    /// <see cref="ZcrxCommand.Stop"/>.
    /// </summary>
    public bool IsAccepting { get; init; }

    /// <summary>Gets the errors for which the last change of the options was refused, each with its configuration path. Empty if it was not refused.</summary>
    public IReadOnlyList<string> RefusedOptions { get; init; } = [];

    /// <summary>Gets the queues.</summary>
    public IReadOnlyList<QueueStatus> Queues { get; init; } = [];

    /// <summary>Gets the listeners.</summary>
    public IReadOnlyList<ListenerStatus> Listeners { get; init; } = [];

    /// <summary>Gets the status of the rebalancer.</summary>
    public RebalancingStatus Rebalancing { get; init; } = new();

    /// <summary>Gets the time of the status.</summary>
    public required DateTimeOffset Time { get; init; }
}
