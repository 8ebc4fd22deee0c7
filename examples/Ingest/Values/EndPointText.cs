using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Ingest.Values;

/// <summary>Parses addresses on the command line.</summary>
internal static class EndPointText
{
    /// <summary>Parses an address of this machine, with a port: <c>127.0.0.1:9000</c>, <c>[::]:9000</c>, <c>localhost:9000</c>.</summary>
    public static string? ReadLocal(string text, out IPEndPoint value)
    {
        // IPEndPoint.TryParse is not used, because it reads a missing port as port 0.
        value = null!;
        if (!TrySplit(text, out string host, out int port) || !TryParse(host, out IPAddress? address))
        {
            return "ADDRESS:PORT such as 127.0.0.1:9000, [::]:9000 or localhost:9000";
        }

        value = new IPEndPoint(address, port);
        return null;
    }

    /// <summary>Parses the address or the name of a server to connect to, with a port.</summary>
    public static string? ReadRemote(string text, out EndPoint value)
    {
        value = null!;
        if (!TrySplit(text, out string host, out int port) || port == 0 || host.Length == 0)
        {
            return "HOST:PORT such as 127.0.0.1:9000, [::1]:9000 or example.org:9000";
        }

        value = IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
        return null;
    }

    // Of all names, only localhost is accepted, because it always means this machine. A name with several addresses would need several
    // sockets.
    private static bool TryParse(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        address = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : null;
        return address is not null || IPAddress.TryParse(host, out address);
    }

    private static bool TrySplit(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        host = colon < 0 ? text : text[..colon];
        port = 0;
        if (colon < 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > IPEndPoint.MaxPort)
        {
            return false;
        }

        bool inBrackets = host.StartsWith('[') && host.EndsWith(']');
        if (inBrackets)
        {
            host = host[1..^1];
        }

        return inBrackets || !host.Contains(':', StringComparison.Ordinal);
    }
}
