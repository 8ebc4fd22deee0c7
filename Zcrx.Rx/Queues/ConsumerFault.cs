namespace Zcrx.Rx;

/// <summary>Represents an exception that an observer or a handler has thrown.</summary>
/// <param name="Connection">The connection of the stream; null for an observer of a queue's events.</param>
/// <param name="Exception">The exception.</param>
public sealed record ConsumerFault(ZcrxConnection? Connection, Exception Exception);
