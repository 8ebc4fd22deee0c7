namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the result of the health check.</summary>
internal sealed record HealthView(string Status, string Description, IReadOnlyList<string> Reasons);
