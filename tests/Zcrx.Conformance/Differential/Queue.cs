namespace Zcrx.Conformance.Differential;

/// <summary>Represents a pool as one ring knows it.</summary>
/// <param name="Ring">The slot of the ring.</param>
/// <param name="Id">The zcrx id in that ring.</param>
/// <param name="Pool">The pool.</param>
/// <param name="IsImported">Whether it was imported there, and therefore reports nothing.</param>
internal sealed record Queue(int Ring, uint Id, Pool Pool, bool IsImported = false);
