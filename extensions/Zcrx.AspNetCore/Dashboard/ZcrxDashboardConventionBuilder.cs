using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Zcrx.AspNetCore.Dashboard;

namespace Zcrx.AspNetCore;

/// <summary>Adds conventions to the endpoints of the dashboard, and maps its commands.</summary>
public sealed class ZcrxDashboardConventionBuilder : IEndpointConventionBuilder
{
    private readonly RouteGroupBuilder _group;
    private readonly DashboardStart _start;
    private readonly DashboardCommands _commands;
    private readonly DashboardAccess _access;

    internal ZcrxDashboardConventionBuilder(RouteGroupBuilder group, DashboardStart start, DashboardCommands commands, DashboardAccess access) =>
        (_group, _start, _commands, _access) = (group, start, commands, access);

    /// <summary>Adds a convention to all endpoints of the dashboard, the commands included.</summary>
    /// <param name="convention">The convention.</param>
    public void Add(Action<EndpointBuilder> convention) => ((IEndpointConventionBuilder)_group).Add(convention);

    /// <summary>Adds a convention that runs after all others.</summary>
    /// <param name="finallyConvention">The convention.</param>
    public void Finally(Action<EndpointBuilder> finallyConvention) => ((IEndpointConventionBuilder)_group).Finally(finallyConvention);

    /// <summary>
    /// Maps the commands: pause, resume and move a connection, and restart a queue. Without this call the dashboard has no commands.
    /// Each command needs an antiforgery token and an <c>Origin</c> header with the page's own origin. The services
    /// need <c>AddAntiforgery()</c>.
    /// </summary>
    /// <remarks>
    /// With <see cref="ZcrxDashboardOptions.AllowAnonymousOnLoopback"/> and without <c>RequireAuthorization()</c>, every program and every
    /// user of this machine can send commands. So can every client of a proxy on this machine that the dashboard does not detect.
    /// </remarks>
    /// <returns>
    /// A builder for conventions of the commands alone, such as a stricter <c>RequireAuthorization("operators")</c>. The
    /// conventions of the dashboard apply too.
    /// </returns>
    public IEndpointConventionBuilder MapCommands()
    {
        RouteGroupBuilder commands = _group.MapGroup("commands");
        // CommandAuthorization finds the endpoints of the commands by this metadata, and reads their requirements.
        commands.WithMetadata(_start.ExpectCommands());
        _commands.Map(commands, _access);
        return commands;
    }
}
