namespace Zcrx.Rx;

/// <summary>Represents an exception of an observer that has no handler for it.</summary>
/// <param name="Connection">The connection of the stream; null for an observer of a queue's events.</param>
/// <param name="Exception">The exception.</param>
public sealed record ConsumerFault(ZcrxConnection? Connection, Exception Exception);
