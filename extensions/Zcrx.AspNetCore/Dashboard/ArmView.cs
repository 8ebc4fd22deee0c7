namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the arm state of one type of notification.</summary>
internal sealed record ArmView(string Type, string State, long Received);
