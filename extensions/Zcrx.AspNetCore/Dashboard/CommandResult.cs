namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the answer to a command.</summary>
internal sealed record CommandResult(bool IsDone, string Message);
