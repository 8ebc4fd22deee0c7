using System.Net;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a connection to a server as the materialized value of a stream.</summary>
/// <remarks>Immutable. The stream owns the connection, and closes it.</remarks>
public sealed class ZcrxOutgoingConnection
{
    internal ZcrxOutgoingConnection(ZcrxConnection connection)
    {
        Connection = connection;
        RemoteAddress = connection.RemoteEndPoint;
        LocalAddress = connection.LocalEndPoint;
    }

    /// <summary>Gets the address of the server; null if the server disconnected before its address could be read.</summary>
    public IPEndPoint? RemoteAddress { get; }

    /// <summary>Gets the local address.</summary>
    public IPEndPoint? LocalAddress { get; }

    /// <summary>Gets the connection, for its counters. Do not subscribe, send or close: the stream does this.</summary>
    public ZcrxConnection Connection { get; }
}
