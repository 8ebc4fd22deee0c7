namespace Ingest.Serving;

/// <summary>Represents the options of the `serve` command.</summary>
/// <param name="Receive">The options of the receiver.</param>
/// <param name="Directory">The directory of the files, or null to count bytes only.</param>
internal sealed record ServeOptions(ReceiveOptions Receive, string? Directory);
