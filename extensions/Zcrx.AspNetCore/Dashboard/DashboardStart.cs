using Akka.Actor;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Prevents an application from starting with a dashboard that is open to everyone. Starts collecting events.</summary>
internal sealed class DashboardStart
{
    private readonly IServiceProvider _services;
    private readonly IZcrx _zcrx;
    private readonly RouteGroupBuilder _group;
    private readonly DashboardAccess _access;

    public DashboardStart(IServiceProvider services, IZcrx zcrx, RouteGroupBuilder group, DashboardAccess access)
    {
        (_services, _zcrx, _group, _access) = (services, zcrx, group, access);
        TimeProvider time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        Timeline = new EventTimeline(time, access.Mask);
    }

    /// <summary>Gets the events since the start.</summary>
    public EventTimeline Timeline { get; }

    /// <summary>Registers the check that runs when the application starts.</summary>
    public void Register(IEndpointRouteBuilder endpoints)
    {
        // ThrowIfOpen runs when the endpoints are built, after all conventions of the group. Its exception makes the build fail.
        ((IEndpointConventionBuilder)_group).Finally(ThrowIfOpen);
        EndpointDataSource own = endpoints.DataSources.Last();
        if (endpoints is IApplicationBuilder application)
        {
            // Reading the endpoints builds and checks them. The server builds its pipeline before it binds ports, so the check precedes any
            // request.
            application.Use(next =>
            {
                _ = own.Endpoints;
                return next;
            });
        }

        if (_services.GetService<IHostApplicationLifetime>() is { } lifetime)
        {
            lifetime.ApplicationStarted.Register(() => OnStarted(lifetime));
        }
    }

    /// <summary>Throws if the services cannot issue antiforgery tokens; otherwise enables the commands.</summary>
    /// <returns>The authorization of the commands, for the metadata of their endpoints.</returns>
    public CommandAuthorization ExpectCommands()
    {
        if (_services.GetService<IAntiforgery>() is null)
        {
            throw new InvalidOperationException($"The commands of the dashboard at {_access.Pattern} need antiforgery tokens. Call builder.Services.AddAntiforgery().");
        }

        return _access.Commands = new CommandAuthorization();
    }

    private void ThrowIfOpen(EndpointBuilder endpoint)
    {
        if (!DashboardAccess.IsProtected(endpoint.Metadata) && !_access.AllowsAnonymousOnLoopback)
        {
            throw new InvalidOperationException(
                $"The dashboard at {_access.Pattern} would be open to everyone, since it has no authorization. Call MapZcrxDashboard(…).RequireAuthorization(), " +
                $"or set {nameof(ZcrxDashboardOptions.AllowAnonymousOnLoopback)} to serve it to clients of this machine.");
        }
    }

    private void OnStarted(IHostApplicationLifetime lifetime)
    {
        ILogger logger = (_services.GetService<ILoggerFactory>() ?? Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance).CreateLogger(DashboardLog.Category);
        try
        {
            // Inside a route group or without a WebApplication, the endpoints have not been built yet. Reading them here builds them.
            _ = _services.GetService<EndpointDataSource>()?.Endpoints;
            _services.GetRequiredService<ActorSystem>().ActorOf(Props.Create(() => new EventCollector(Timeline, _zcrx)).WithDeploy(Deploy.Local));
        }
        catch (InvalidOperationException exception)
        {
            DashboardLog.Refused(logger, _access.Pattern, exception);
            lifetime.StopApplication();
        }
    }
}
