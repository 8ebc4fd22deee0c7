namespace Ingest.Demo;

/// <summary>Describes how a received stream ended.</summary>
/// <param name="Sha256">The hash of the bytes in hexadecimal digits. Empty if the stream failed.</param>
/// <param name="Error">The error that ended the stream, or null if the peer ended it.</param>
/// <param name="Time">The time of the end, as a timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal sealed record StreamEnd(string Sha256, string? Error, long Time);
