using System.Net;

namespace Telemetry;

/// <summary>
/// Restricts endpoints that change state to programs of this machine. Refuses pages of other sites in a browser of this machine.
/// </summary>
/// <remarks>
/// A browser sends the page's origin in each request that is not a plain read. Programs such as curl send none. The filter does
/// not detect every proxy: one on this machine that adds no header and sends a loopback name as Host looks like a local program.
/// Never use it behind a proxy.
/// </remarks>
internal sealed class LocalRequests : IEndpointFilter
{
    private static readonly string[] Names = ["localhost", "127.0.0.1", "[::1]"];

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpRequest request = context.HttpContext.Request;
        bool isLocal = context.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !request.Headers.ContainsKey("X-Forwarded-For") && !request.Headers.ContainsKey("Forwarded");
        // Stops DNS rebinding: a foreign site whose name resolves to this machine sends its own name as Host.
        bool isNamed = Names.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase);
        string origin = request.Headers.Origin.ToString();
        bool isOwn = origin.Length == 0 || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        return isLocal && isNamed && isOwn
            ? next(context)
            : ValueTask.FromResult<object?>(Results.Text("Refused: only programs of this machine may use this.", statusCode: StatusCodes.Status403Forbidden));
    }
}
