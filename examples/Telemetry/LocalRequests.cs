using System.Net;

namespace Telemetry;

/// <summary>
/// Restricts endpoints that change state to programs of this machine. Refuses pages of other sites in a browser of this machine.
/// </summary>
/// <remarks>
/// A browser sends the page's origin in each request that is not a plain read. Programs such as curl send none, so a request
/// without an origin is allowed. The filter does not detect every proxy. A proxy on this machine that adds no header and sends a loopback
/// name as Host looks like a local program. Never use the filter behind a proxy.
/// </remarks>
internal sealed class LocalRequests : IEndpointFilter
{
    private static readonly string[] Names = ["localhost", "127.0.0.1", "[::1]"];

    // A request with one of these headers came through a proxy. The address of the request is then the proxy's, not the client's.
    private static readonly string[] ProxyHeaders = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"];

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpRequest request = context.HttpContext.Request;
        ConnectionInfo connection = context.HttpContext.Connection;
        bool isLocal = IsLoopback(connection.RemoteIpAddress) && IsLoopback(connection.LocalIpAddress) && !ProxyHeaders.Any(request.Headers.ContainsKey);
        // Prevents DNS rebinding. A page of a site whose name resolves to this machine sends the site's name as Host.
        bool isNamed = Names.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase);
        string origin = request.Headers.Origin.ToString();
        bool isOwn = origin.Length == 0 || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        return isLocal && isNamed && isOwn
            ? next(context)
            : ValueTask.FromResult<object?>(Results.Text("Refused: only programs of this machine may use this.", statusCode: StatusCodes.Status403Forbidden));
    }

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
