namespace Ingest.Demo;

/// <summary>Describes how a received stream ended.</summary>
/// <param name="Sha256">The hash of its bytes, in hexadecimal digits; empty when it broke.</param>
/// <param name="Error">Why it broke; null when the peer ended it.</param>
/// <param name="Time">When, as a timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal sealed record StreamEnd(string Sha256, string? Error, long Time);
