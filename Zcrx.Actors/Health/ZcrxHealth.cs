using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Zcrx.Actors;

/// <summary>Evaluates a status in the same way as the health check <c>zcrx</c>.</summary>
public static class ZcrxHealth
{
    /// <summary>Returns the health of a status.</summary>
    /// <param name="status">The status. It may be one without the list of connections, which is not evaluated.</param>
    /// <returns>
    /// The result of the health check. Its description names the affected queue and the cause. <c>Data["reasons"]</c> contains the codes of
    /// the problems.
    /// </returns>
    public static HealthCheckResult Of(ZcrxStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return ZcrxHealthCheck.Judge(status, HealthStatus.Unhealthy);
    }
}
