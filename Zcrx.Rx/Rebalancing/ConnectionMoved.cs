namespace Zcrx.Rx;

/// <summary>A connection has gone over to another queue.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="From">Name of the queue that received for it.</param>
/// <param name="To">Name of the queue that receives for it now.</param>
/// <param name="Reason">Why.</param>
public sealed record ConnectionMoved(ZcrxConnection Connection, string From, string To, MoveReason Reason);
