using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Refuses requests by their client, host name and origin, in addition to authorization. Sets the security headers of every response.
/// </summary>
internal sealed class DashboardAccess(string pattern, ZcrxDashboardOptions options)
{
    /// <summary>
    /// The value of the header Content-Security-Policy. It allows scripts, styles and data from the dashboard only. It forbids inline code,
    /// frames, and the assignment of strings as markup.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    // A request with one of these headers came through a proxy. The address of the request is then the proxy's, not the client's.
    private static readonly string[] ProxyHeaders = ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"];

    /// <summary>Gets the path of the dashboard.</summary>
    public string Pattern => pattern;

    public bool AllowsAnonymousOnLoopback => options.AllowAnonymousOnLoopback;

    public AddressMask Mask { get; } = new(options.MaskAddresses);

    /// <summary>Gets or sets the component that decides which users may send commands; null if the commands are not mapped.</summary>
    public CommandAuthorization? Commands { get; set; }

    /// <summary>Determines from the metadata of an endpoint whether it requires authorization.</summary>
    public static bool IsProtected(IEnumerable<object> metadata) =>
        metadata.Any(static item => item is IAuthorizeData or AuthorizationPolicy) && !metadata.Any(static item => item is IAllowAnonymous);

    /// <summary>
    /// Returns a handler that refuses requests that the dashboard must not answer, and passes the others to the given handler.
    /// </summary>
    /// <param name="handler">Answers the requests that are not refused.</param>
    /// <param name="needsOrigin">Whether the request changes a state, and must therefore have the page's own origin.</param>
    public RequestDelegate Guard(RequestDelegate handler, bool needsOrigin = false) => context =>
    {
        SetHeaders(context.Response.Headers);
        if (WhyRefused(context, needsOrigin) is not { } reason)
        {
            return handler(context);
        }

        LogRefused(context, reason);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync($"Refused: {reason}.", context.RequestAborted);
    };

    /// <summary>Logs that a request was refused. Call it for each refusal.</summary>
    public static void LogRefused(HttpContext context, string reason)
    {
        ILogger logger = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(DashboardLog.Category);
        // The decoded path may contain a line break, with which a client could forge further lines of a log file.
        DashboardLog.RequestRefused(logger, context.Request.Path.ToUriComponent(), reason);
    }

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    private string? WhyRefused(HttpContext context, bool needsOrigin)
    {
        HttpRequest request = context.Request;
        // Without authorization on the endpoint, no policy says which users may see the dashboard. The checks then apply to signed-in
        // users, too.
        if (AllowsAnonymousOnLoopback && !IsProtected(context.GetEndpoint()?.Metadata ?? EndpointMetadataCollection.Empty))
        {
            if (!IsLoopback(context.Connection.RemoteIpAddress) || !IsLoopback(context.Connection.LocalIpAddress))
            {
                return "the client is not on this machine";
            }

            if (ProxyHeaders.FirstOrDefault(request.Headers.ContainsKey) is { } header)
            {
                return $"the request came through a proxy, as its header {header} shows";
            }
        }

        if (!IsAllowedHost(request.Host))
        {
            return "the host name of the request is not allowed";
        }

        return (request.Headers.Origin.ToString(), needsOrigin) switch
        {
            ("", true) => "the request has no Origin",
            ("", false) => null,
            (var origin, _) when IsOwn(origin, request.Host) => null,
            _ => "the Origin of the request is another site",
        };
    }

    private bool IsAllowedHost(HostString host) => (AllowsAnonymousOnLoopback, options.AllowedHosts.Count) switch
    {
        (false, 0) => true,
        (true, 0) => LoopbackNames.Contains(host.Host, StringComparer.OrdinalIgnoreCase),
        _ => options.AllowedHosts.Contains(host.Host, StringComparer.OrdinalIgnoreCase),
    };

    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" &&
        string.Equals(HostString.FromUriComponent(uri).Host, host.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == (host.Port ?? (uri.Scheme == "https" ? 443 : 80));

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
