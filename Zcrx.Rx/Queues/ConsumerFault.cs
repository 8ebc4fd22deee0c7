namespace Zcrx.Rx;

/// <summary>An observer threw, and had no handler for its own error.</summary>
/// <param name="Connection">The connection whose stream it observed, or null for an observer of a queue's events.</param>
/// <param name="Exception">What it threw.</param>
public sealed record ConsumerFault(ZcrxConnection? Connection, Exception Exception);
