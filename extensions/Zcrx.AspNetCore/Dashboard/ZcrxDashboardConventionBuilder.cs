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
    /// Maps the commands, which are off otherwise: pause, resume and move a connection, and restart a queue. Each needs a token against forgery, so the services need <c>AddAntiforgery()</c>, and
    /// an <c>Origin</c> that is the page's own.
    /// </summary>
    /// <returns>Takes further conventions for the commands alone, such as a stricter <c>RequireAuthorization("operators")</c>. Those of the dashboard apply to them as well.</returns>
    public IEndpointConventionBuilder MapCommands()
    {
        RouteGroupBuilder commands = _group.MapGroup("commands");
        _start.ExpectCommands();
        _commands.Map(commands, _access);
        return commands;
    }
}
