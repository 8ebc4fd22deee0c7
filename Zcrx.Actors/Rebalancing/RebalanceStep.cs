namespace Zcrx.Actors.Rebalancing;

/// <summary>Actions that make sense together only, such as moving a connection and steering its packets after it.</summary>
/// <param name="Actions">In the order in which they are to be done.</param>
internal sealed record RebalanceStep(params IReadOnlyList<RebalanceAction> Actions);
