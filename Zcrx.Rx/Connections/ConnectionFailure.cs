namespace Zcrx.Rx.Connections;

/// <summary>Represents the reason why a connection was closed on this side, for observers of its stream.</summary>
/// <param name="Cause">The cause, as a clause.</param>
/// <param name="Exception">The exception that caused it.</param>
internal sealed record ConnectionFailure(string Cause, Exception Exception);
