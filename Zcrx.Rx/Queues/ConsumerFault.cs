namespace Zcrx.Rx;

/// <summary>Reports an exception that an observer or a handler has thrown.</summary>
/// <param name="Connection">The connection of the observer or handler; null for an observer of a queue's events.</param>
/// <param name="Exception">The exception that was thrown.</param>
public sealed record ConsumerFault(ZcrxConnection? Connection, Exception Exception);
