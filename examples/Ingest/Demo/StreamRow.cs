namespace Ingest.Demo;

/// <summary>Represents one stream in a <see cref="DemoSnapshot"/>.</summary>
/// <param name="Name">The sender's address.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="BytesPerSecond">The rate since the last snapshot, or the average rate once the stream has ended.</param>
/// <param name="State">"receiving", "complete" or "broken".</param>
internal sealed record StreamRow(string Name, long Bytes, double BytesPerSecond, string State);
