using System.Net;

namespace Telemetry;

/// <summary>Lets programs of this machine use the endpoints that change something, and no page of another site in a browser of this machine.</summary>
/// <remarks>A browser names the page's origin in each request that is not a plain read. Programs such as curl have none.</remarks>
internal sealed class LocalRequests : IEndpointFilter
{
    private static readonly string[] Names = ["localhost", "127.0.0.1", "[::1]"];

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpRequest request = context.HttpContext.Request;
        bool isLocal = context.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !request.Headers.ContainsKey("X-Forwarded-For") && !request.Headers.ContainsKey("Forwarded");
        // A site whose name leads to this machine has a Host of its own.
        bool isNamed = Names.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase);
        string origin = request.Headers.Origin.ToString();
        bool isOwn = origin.Length == 0 || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        return isLocal && isNamed && isOwn
            ? next(context)
            : ValueTask.FromResult<object?>(Results.Text("Refused: only programs of this machine may use this.", statusCode: StatusCodes.Status403Forbidden));
    }
}
