using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Zcrx.Actors;

/// <summary>Evaluates a status in the same way as the health check <c>zcrx</c>.</summary>
public static class ZcrxHealth
{
    /// <summary>Returns the health of a status.</summary>
    /// <param name="status">The status. The list of connections may be missing.</param>
    /// <returns>
    /// The result of the health check. The description names the queue and the cause, and <c>Data["reasons"]</c> contains the codes for
    /// programs.
    /// </returns>
    public static HealthCheckResult Of(ZcrxStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return ZcrxHealthCheck.Judge(status, HealthStatus.Unhealthy);
    }
}
