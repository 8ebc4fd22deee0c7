using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>Represents the status of the whole actor tree. Queues and listeners are in the order of the configuration.</summary>
public sealed record ZcrxStatus : ILocalMessage
{
    /// <summary>Gets the state of the actor tree.</summary>
    public required ZcrxState State { get; init; }

    /// <summary>
    /// Gets a value indicating whether the ports are open. It is false after <see cref="ZcrxCommand.CloseListeners"/>, after
    /// <see cref="ZcrxCommand.Stop"/>, and when another process accepts.
    /// </summary>
    public bool IsAccepting { get; init; }

    /// <summary>
    /// Gets the errors of the last change of the options, if it was refused. Each error contains its configuration path. Empty if the
    /// change was not refused.
    /// </summary>
    public IReadOnlyList<string> RefusedOptions { get; init; } = [];

    /// <summary>Gets the status of each queue.</summary>
    public IReadOnlyList<QueueStatus> Queues { get; init; } = [];

    /// <summary>Gets the status of each listener.</summary>
    public IReadOnlyList<ListenerStatus> Listeners { get; init; } = [];

    /// <summary>Gets the status of the rebalancer.</summary>
    public RebalancingStatus Rebalancing { get; init; } = new();

    /// <summary>Gets the time at which the status was read.</summary>
    public required DateTimeOffset Time { get; init; }
}
