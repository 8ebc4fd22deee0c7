using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Actors.Options;

/// <summary>Parses listening addresses. It is stricter than <see cref="IPEndPoint.Parse(string)"/>, which reads <c>9000</c> as an address and <c>::1</c> with port 0.</summary>
internal static class EndPointText
{
    public const string Expected = "expected address and port, such as [::]:9000, 127.0.0.1:9000 or *:9000";

    public static bool TryParse(string? text, [NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        endPoint = null;
        string trimmed = text?.Trim() ?? "";
        int colon = trimmed.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(trimmed.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        if (ParseAddress(trimmed[..colon]) is not { } address)
        {
            return false;
        }

        endPoint = new IPEndPoint(address, port);
        return true;
    }

    private static IPAddress? ParseAddress(string host)
    {
        if (host == "*")
        {
            return IPAddress.IPv6Any;
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return IPAddress.Loopback;
        }

        if (host.StartsWith('['))
        {
            return host.EndsWith(']') && IPAddress.TryParse(host[1..^1], out IPAddress? v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 ? v6 : null;
        }

        // The parser also accepts fewer than four parts, such as "127.1", which is most likely a typing error.
        return host.Count(static character => character == '.') == 3 && IPAddress.TryParse(host, out IPAddress? v4) && v4.AddressFamily == AddressFamily.InterNetwork ? v4 : null;
    }
}
