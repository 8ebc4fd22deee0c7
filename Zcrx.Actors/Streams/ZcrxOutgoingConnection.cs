using System.Net;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a connection to a server as the materialized value of a stream.</summary>
/// <remarks>Immutable. The stream ends the connection.</remarks>
public sealed class ZcrxOutgoingConnection
{
    internal ZcrxOutgoingConnection(ZcrxConnection connection)
    {
        Connection = connection;
        RemoteAddress = connection.RemoteEndPoint;
        LocalAddress = connection.LocalEndPoint;
    }

    /// <summary>Gets the address of the server, or null if it disconnected before it could be read.</summary>
    public IPEndPoint? RemoteAddress { get; }

    /// <summary>Gets the local address.</summary>
    public IPEndPoint? LocalAddress { get; }

    /// <summary>Gets the connection, for its counters. The stream observes and sends; do not subscribe, send or close.</summary>
    public ZcrxConnection Connection { get; }
}
