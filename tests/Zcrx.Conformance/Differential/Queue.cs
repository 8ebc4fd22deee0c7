namespace Zcrx.Conformance.Differential;

/// <summary>Represents the use of a pool by one ring.</summary>
/// <param name="Ring">The slot of the ring.</param>
/// <param name="Id">The id of the queue in that ring (zcrx id).</param>
/// <param name="Pool">The memory of the queue, which several rings share after an import.</param>
/// <param name="IsImported">True when the ring has imported the queue. Only the ring that registered a queue receives its
/// notifications.</param>
internal sealed record Queue(int Ring, uint Id, Pool Pool, bool IsImported = false);
