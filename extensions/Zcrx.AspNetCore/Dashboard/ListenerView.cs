namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one listener.</summary>
internal sealed record ListenerView(string Name, string? EndPoint, int Connections, long Accepted, long Refused, int MaxConnections, bool IsFull, string? Error);
