namespace Zcrx.Conformance.Differential;

/// <summary>Represents the use of a pool by one ring.</summary>
/// <param name="Ring">The slot of the ring.</param>
/// <param name="Id">The zcrx id in that ring.</param>
/// <param name="Pool">The pool.</param>
/// <param name="IsImported">Whether the ring has imported the queue and therefore receives no notifications.</param>
internal sealed record Queue(int Ring, uint Id, Pool Pool, bool IsImported = false);
