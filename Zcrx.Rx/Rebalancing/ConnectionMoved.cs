namespace Zcrx.Rx;

/// <summary>Represents the move of a connection to another queue.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="From">The name of the queue that received for the connection before.</param>
/// <param name="To">The name of the queue that receives for the connection now.</param>
/// <param name="Reason">The reason.</param>
public sealed record ConnectionMoved(ZcrxConnection Connection, string From, string To, MoveReason Reason);
