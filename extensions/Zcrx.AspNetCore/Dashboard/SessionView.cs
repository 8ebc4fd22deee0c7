namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents what the dashboard offers to this user.</summary>
internal sealed record SessionView(bool HasCommands, bool IsMasked);
