using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to the health checks.</summary>
public static class ZcrxHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds two checks. The first, tagged <c>ready</c>, is healthy while every queue receives and has room, degraded with the reasons while
    /// some do not, and failed before the start, while none receives, and from the moment on when the ports are closed. The second, its name followed by
    /// <c>-live</c> and tagged <c>live</c>, fails only when nothing but a new process helps.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The first check's name.</param>
    /// <param name="failureStatus">What a failed check reports; unhealthy if not given.</param>
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
