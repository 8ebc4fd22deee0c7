namespace Zcrx.Simulation;

/// <summary>Represents one decision of the scheduler. Its numbers select among what there is at that moment, so a schedule stays valid when others are removed.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Subject">Selects the queue, connection or lease.</param>
/// <param name="Amount">Selects how much, or which target.</param>
internal readonly record struct Decision(DecisionKind Kind, int Subject, int Amount);
