namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one connection.</summary>
internal sealed record ConnectionRow(long Id, string Queue, string? Listener, string Peer, string State, long Bytes, int Leased);
