using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the status of one connection.</summary>
public sealed record ConnectionStatus : ILocalMessage
{
    /// <summary>Gets the connection's number, which no other connection of the process has.</summary>
    public required long Id { get; init; }

    /// <summary>Gets the name of the queue that receives for it.</summary>
    public required string Queue { get; init; }

    /// <summary>Gets the name of the listener that accepted it; null if it was attached.</summary>
    public string? Listener { get; init; }

    /// <summary>Gets the address of the peer; null if it could not be read.</summary>
    [JsonConverter(typeof(IPEndPointJsonConverter))]
    public IPEndPoint? RemoteEndPoint { get; init; }

    /// <summary>Gets the local address.</summary>
    [JsonConverter(typeof(IPEndPointJsonConverter))]
    public IPEndPoint? LocalEndPoint { get; init; }

    /// <summary>Gets its state: whether it receives, and if not, why.</summary>
    public ZcrxConnectionState State { get; init; }

    /// <summary>Gets the number of bytes received so far.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of its buffers that consumers have leased.</summary>
    public int BuffersLeased { get; init; }
}
