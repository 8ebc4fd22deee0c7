namespace LogIngest.Storing;

/// <summary>
/// Represents the connection of a message. The connection and the position in its stream are the key of a stored message.
/// </summary>
/// <param name="Boot">The run of the service. Each run numbers its connections from the beginning.</param>
/// <param name="Connection">The number of the connection.</param>
/// <param name="Source">The address of the sender.</param>
internal sealed record LogStream(Guid Boot, long Connection, string Source);
