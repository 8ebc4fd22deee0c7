using System.Net;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Formats the address of a connection's peer for people.</summary>
internal static class PeerText
{
    public static string Of(ZcrxConnection connection) => Plain(connection.RemoteEndPoint)?.ToString() ?? "an unknown peer";

    /// <summary>Converts an IPv4-mapped IPv6 address, which a socket on [::] reports, to plain IPv4.</summary>
    public static IPEndPoint? Plain(EndPoint? endPoint) => endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
        : endPoint as IPEndPoint;
}
