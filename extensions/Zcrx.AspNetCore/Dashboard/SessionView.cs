namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Tells the page what it may offer.</summary>
internal sealed record SessionView(bool HasCommands, bool IsMasked);
