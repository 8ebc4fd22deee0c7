using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the status of one connection.</summary>
public sealed record ConnectionStatus : ILocalMessage
{
    /// <summary>Gets the id of the connection. It is unique in the process.</summary>
    public required long Id { get; init; }

    /// <summary>Gets the name of the queue that receives for the connection.</summary>
    public required string Queue { get; init; }

    /// <summary>Gets the name of the listener that accepted the connection; null if the connection was attached.</summary>
    public string? Listener { get; init; }

    /// <summary>Gets the address of the peer; null if it could not be read.</summary>
    [JsonConverter(typeof(IPEndPointJsonConverter))]
    public IPEndPoint? RemoteEndPoint { get; init; }

    /// <summary>Gets the local address.</summary>
    [JsonConverter(typeof(IPEndPointJsonConverter))]
    public IPEndPoint? LocalEndPoint { get; init; }

    /// <summary>Gets the state of the connection: receiving, or the reason why it does not receive.</summary>
    public ZcrxConnectionState State { get; init; }

    /// <summary>Gets the number of bytes received so far.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of buffers of the connection that consumers have leased.</summary>
    public int BuffersLeased { get; init; }
}
