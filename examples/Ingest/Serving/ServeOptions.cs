namespace Ingest.Serving;

/// <summary>What `serve` does.</summary>
/// <param name="Receive">How it receives.</param>
/// <param name="Directory">Where files are written; null to count bytes only.</param>
internal sealed record ServeOptions(ReceiveOptions Receive, string? Directory);
