using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Actors.Options;

/// <summary>Reads listening addresses. Stricter than <see cref="IPEndPoint.Parse(string)"/>, which takes <c>9000</c> for an address and <c>::1</c> for port 0.</summary>
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

        // Four parts: "127.1" is an address to the parser, but a typing error to people.
        return host.Count(static character => character == '.') == 3 && IPAddress.TryParse(host, out IPAddress? v4) && v4.AddressFamily == AddressFamily.InterNetwork ? v4 : null;
    }
}
