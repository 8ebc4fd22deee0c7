namespace Zcrx.Simulation;

/// <summary>
/// Represents one decision of the scheduler. Its numbers select among the subjects that exist when it is executed: a schedule stays valid
/// when other decisions are removed.
/// </summary>
/// <param name="Kind">The kind of the decision.</param>
/// <param name="Subject">Selects the queue, connection or lease.</param>
/// <param name="Amount">Selects the amount or the target.</param>
internal readonly record struct Decision(DecisionKind Kind, int Subject, int Amount);
