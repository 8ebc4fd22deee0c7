namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the features of the dashboard that this user may use.</summary>
internal sealed record SessionView(bool HasCommands, bool IsMasked);
