namespace Ingest.Demo;

/// <summary>One stream in a <see cref="DemoSnapshot"/>.</summary>
/// <param name="Name">The sender's address.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="BytesPerSecond">Since the last snapshot; once it has ended, on average.</param>
/// <param name="State">"receiving", "complete" or "broken".</param>
internal sealed record StreamRow(string Name, long Bytes, double BytesPerSecond, string State);
