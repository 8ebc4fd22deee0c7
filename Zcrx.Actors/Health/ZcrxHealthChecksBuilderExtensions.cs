using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to the health checks.</summary>
public static class ZcrxHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that is healthy while every queue receives and has room, degraded with the reasons while some do not, and
    /// failed before the start, after the stop and while none receives.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What a failed check reports; unhealthy if not given.</param>
    /// <param name="tags">Tags, such as <c>ready</c>.</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddZcrx(this IHealthChecksBuilder builder, string name = "zcrx", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<ZcrxHealthCheck>(name, failureStatus, tags ?? []);
    }
}
