using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;
using Zcrx.AspNetCore.Dashboard;

namespace Zcrx.AspNetCore;

/// <summary>Contains the method that maps the dashboard.</summary>
public static class ZcrxDashboardEndpointRouteBuilderExtensions
{
    /// <summary>Maps a page that shows queues, pools, events and connections live.</summary>
    /// <param name="endpoints">The routes of the application.</param>
    /// <param name="pattern">The path of the page, such as <c>/zcrx</c>.</param>
    /// <param name="configure">Configures the dashboard; null for the defaults.</param>
    /// <returns>A builder that takes conventions such as <c>RequireAuthorization()</c> and maps the commands.</returns>
    /// <remarks>
    /// The application starts only if <c>RequireAuthorization()</c> is called on the result or
    /// <see cref="ZcrxDashboardOptions.AllowAnonymousOnLoopback"/> is set. The page is read-only until
    /// <see cref="ZcrxDashboardConventionBuilder.MapCommands"/> is called.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The services have no <see cref="IZcrx"/>.</exception>
    public static ZcrxDashboardConventionBuilder MapZcrxDashboard(this IEndpointRouteBuilder endpoints, string pattern, Action<ZcrxDashboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        IZcrx zcrx = endpoints.ServiceProvider.GetService<IZcrx>()
            ?? throw new InvalidOperationException("MapZcrxDashboard finds no IZcrx. Add the queues with services.AddZcrx(…), or with akka.WithZcrx(…) and services.AddZcrx().");
        ZcrxDashboardOptions options = new();
        configure?.Invoke(options);
        RouteGroupBuilder group = endpoints.MapGroup(pattern);
        DashboardAccess access = new(pattern, options);
        DashboardStart start = new(endpoints.ServiceProvider, zcrx, group, access);
        start.Register(endpoints);
        new DashboardEndpoints(endpoints.ServiceProvider, zcrx, options, start.Timeline).Map(group, access);
        return new ZcrxDashboardConventionBuilder(group, start, new DashboardCommands(endpoints.ServiceProvider, zcrx), access);
    }
}
