using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>Parses listening addresses.</summary>
/// <remarks>
/// Stricter than <see cref="IPEndPoint.Parse(string)"/>, which reads <c>9000</c> as an address and <c>::1</c> with port 0.
/// </remarks>
public static class ListenEndPoint
{
    /// <summary>The accepted forms, as a clause for error messages.</summary>
    public const string Expected = "expected address and port, such as [::]:9000, 127.0.0.1:9000 or *:9000";

    /// <summary>Parses a listening address.</summary>
    /// <param name="text">The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>, <c>localhost:9000</c>.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException">The text is not an address with a port.</exception>
    public static IPEndPoint Parse(string text) => TryParse(text, out IPEndPoint? endPoint) ? endPoint : throw new FormatException($"'{text}' is not a listening address: {Expected}.");

    /// <summary>Parses a listening address, without an exception.</summary>
    /// <param name="text">The address, as for <see cref="Parse"/>.</param>
    /// <param name="endPoint">The address; null if the text is not an address.</param>
    /// <returns>Whether the text is an address with a port.</returns>
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

        // IPAddress.TryParse also accepts fewer than four parts, such as "127.1". This is most likely a typing error, so it is refused.
        return host.Count(static character => character == '.') == 3 && IPAddress.TryParse(host, out IPAddress? v4) && v4.AddressFamily == AddressFamily.InterNetwork ? v4 : null;
    }
}
