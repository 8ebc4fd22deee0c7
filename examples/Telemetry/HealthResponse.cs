using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Telemetry;

/// <summary>
/// Writes the health as JSON. It contains the status, and the description and data of each check, such as its reason codes.
/// </summary>
internal static class HealthResponse
{
    public static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        checks = report.Entries.ToDictionary(static entry => entry.Key, static entry => new
        {
            status = entry.Value.Status.ToString(),
            description = entry.Value.Description,
            data = entry.Value.Data,
        }),
    });
}
