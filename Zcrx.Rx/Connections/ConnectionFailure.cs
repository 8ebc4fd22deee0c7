namespace Zcrx.Rx.Connections;

/// <summary>Represents the reason why a connection was closed on this side, for observers of its stream.</summary>
/// <param name="Cause">The cause, as a clause.</param>
/// <param name="Exception">The exception that made this side close the connection.</param>
internal sealed record ConnectionFailure(string Cause, Exception Exception);
