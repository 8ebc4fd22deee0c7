namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the target of a command.</summary>
internal sealed record CommandRequest(long? Connection, string? Queue);
