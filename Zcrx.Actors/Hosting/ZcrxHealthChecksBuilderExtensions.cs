using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to the health checks.</summary>
public static class ZcrxHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a readiness check with the tag <c>ready</c>, and a liveness check with the tag <c>live</c>.
    /// </summary>
    /// <remarks>
    /// Readiness is healthy while every queue receives and its pool has free buffers. It is degraded while the status shows a problem, such
    /// as an exhausted pool, and lists the reasons. It fails before the start, while no queue receives, and after the ports are closed.
    /// Liveness fails only if the process must be restarted.
    /// </remarks>
    /// <param name="builder">The builder of the health checks.</param>
    /// <param name="name">The name of the readiness check. The name of the liveness check has the suffix <c>-live</c>.</param>
    /// <param name="failureStatus">The status that a failed check reports. Unhealthy if null.</param>
    /// <param name="tags">The tags of the readiness check. If null, the only tag is <c>ready</c>.</param>
    /// <returns>The builder of the health checks.</returns>
    public static IHealthChecksBuilder AddZcrx(this IHealthChecksBuilder builder, string name = "zcrx", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddZcrx();
        return builder
            .AddCheck<ZcrxHealthCheck>(name, failureStatus, tags ?? ["ready"])
            .AddCheck<ZcrxLivenessCheck>($"{name}-live", failureStatus, ["live"]);
    }
}
