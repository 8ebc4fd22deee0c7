namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the health as the health check reports it.</summary>
internal sealed record HealthView(string Status, string Description, IReadOnlyList<string> Reasons);
