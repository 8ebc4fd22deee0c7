using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Contains the options of a <see cref="Site"/>.</summary>
internal sealed record SiteOptions
{
    /// <summary>
    /// Gets the action that maps the dashboard. If it is null, the dashboard is on loopback, without authorization and without commands.
    /// </summary>
    public Action<WebApplication>? Map { get; init; }

    /// <summary>Gets the action that adds further services, such as those of a cluster, or null for none.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    public long AreaSize { get; init; } = 4 << 20;

    public FlowSteeringPermission Steering { get; init; } = FlowSteeringPermission.Forbidden;

    /// <summary>Gets the time after which a failed queue is opened again.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(100);
}
