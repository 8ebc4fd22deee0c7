namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one type of notification: its arm state, and the number of received notifications.</summary>
internal sealed record ArmView(string Type, string State, long Received);
