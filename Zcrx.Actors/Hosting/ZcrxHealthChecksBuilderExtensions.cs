using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to the health checks.</summary>
public static class ZcrxHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds two checks: one for readiness, tagged <c>ready</c>, and one for liveness, tagged <c>live</c>. The name of the second ends with <c>-live</c>.
    /// </summary>
    /// <remarks>
    /// Readiness is healthy while every queue receives and has room. It is degraded, with the reasons, while some queues do not. It fails
    /// before the start, while no queue receives, and after the ports are closed. Liveness fails only when the process must be restarted.
    /// </remarks>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The first check's name.</param>
    /// <param name="failureStatus">The status that a failed check reports. Unhealthy if null.</param>
    /// <param name="tags">Tags of the first check in place of <c>ready</c>.</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddZcrx(this IHealthChecksBuilder builder, string name = "zcrx", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddZcrx();
        return builder
            .AddCheck<ZcrxHealthCheck>(name, failureStatus, tags ?? ["ready"])
            .AddCheck<ZcrxLivenessCheck>($"{name}-live", failureStatus, ["live"]);
    }
}
