namespace Zcrx.Rx.Connections;

/// <summary>Describes the failure that made this side close a connection. Observers of the stream receive it.</summary>
/// <param name="Cause">The cause of the failure, as a clause.</param>
/// <param name="Exception">The exception that made this side close the connection.</param>
internal sealed record ConnectionFailure(string Cause, Exception Exception);
