using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Zcrx.Actors;

/// <summary>Evaluates a status in the same way as the health check <c>zcrx</c>.</summary>
public static class ZcrxHealth
{
    /// <summary>Returns the health of a status.</summary>
    /// <param name="status">The status. Its connections are not needed.</param>
    /// <returns>The result of the health check: its description names queue and cause, and <c>Data["reasons"]</c> has the codes for programs.</returns>
    public static HealthCheckResult Of(ZcrxStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return ZcrxHealthCheck.Judge(status, HealthStatus.Unhealthy);
    }
}
