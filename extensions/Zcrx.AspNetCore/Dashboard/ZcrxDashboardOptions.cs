namespace Zcrx.AspNetCore;

/// <summary>
/// Contains the options of the dashboard; see <see cref="ZcrxDashboardEndpointRouteBuilderExtensions.MapZcrxDashboard"/>.
/// </summary>
public sealed class ZcrxDashboardOptions
{
    /// <summary>
    /// Gets or sets a value indicating whether the dashboard is served without authorization to clients of this machine.
    /// The dashboard refuses requests from another machine, with a header of a proxy, or for a host name that is not a loopback name.
    /// </summary>
    /// <remarks>
    /// This does not detect every proxy. For example, nginx with only <c>proxy_pass</c> adds no header and sends a loopback name as
    /// <c>Host</c>. Such a proxy on this machine looks like a local client, and opens the dashboard to all of its clients. Never set this
    /// option behind a proxy. A signed-in user has no additional access unless the endpoint has <c>RequireAuthorization()</c>.
    /// </remarks>
    public bool AllowAnonymousOnLoopback { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the addresses of peers are masked: <c>203.0.*.*</c> in place of <c>203.0.113.7:4711</c>.
    /// </summary>
    public bool MaskAddresses { get; set; }

    /// <summary>
    /// Gets the host names that requests may have, without ports. If the list is empty, <see cref="AllowAnonymousOnLoopback"/> allows
    /// loopback names only; otherwise any name is allowed. Set the list if clients are authenticated by their machine or certificate. The
    /// list then prevents DNS rebinding: a page of another site that changes its DNS entry cannot reach the dashboard.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];
}
