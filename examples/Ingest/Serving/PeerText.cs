using System.Net;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>A connection's peer, as people write its address.</summary>
internal static class PeerText
{
    public static string Of(ZcrxConnection connection) => Plain(connection.RemoteEndPoint)?.ToString() ?? "an unknown peer";

    /// <summary>A socket on [::] shows an IPv4 peer inside an IPv6 address; this takes it out.</summary>
    public static IPEndPoint? Plain(EndPoint? endPoint) => endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
        : endPoint as IPEndPoint;
}
