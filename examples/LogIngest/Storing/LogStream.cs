namespace LogIngest.Storing;

/// <summary>Represents the connection that messages came over. With the position in its stream, it is the key of a stored message.</summary>
/// <param name="Boot">The run of the service. Numbers of connections begin again with each.</param>
/// <param name="Connection">The number of the connection.</param>
/// <param name="Source">The address of the sender.</param>
internal sealed record LogStream(Guid Boot, long Connection, string Source);
