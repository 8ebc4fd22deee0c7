namespace Ingest.Demo;

/// <summary>Represents one stream in a <see cref="DemoSnapshot"/>.</summary>
/// <param name="Name">The sender's address.</param>
/// <param name="Bytes">The number of received bytes.</param>
/// <param name="BytesPerSecond">The rate since the last snapshot. Once the stream has ended, its average rate.</param>
/// <param name="State">"receiving", "complete" or "broken".</param>
internal sealed record StreamRow(string Name, long Bytes, double BytesPerSecond, string State);
