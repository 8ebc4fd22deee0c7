using System.Net;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>How one connection stands.</summary>
public sealed record ConnectionStatus : ILocalMessage
{
    /// <summary>The connection's number, which no other of the process has.</summary>
    public required long Id { get; init; }

    /// <summary>Name of the queue that receives it.</summary>
    public required string Queue { get; init; }

    /// <summary>Name of the listener that it came in on; null when it was attached.</summary>
    public string? Listener { get; init; }

    /// <summary>The peer, if it could still be asked.</summary>
    public EndPoint? RemoteEndPoint { get; init; }

    /// <summary>Our end.</summary>
    public EndPoint? LocalEndPoint { get; init; }

    /// <summary>Why it receives or does not.</summary>
    public ZcrxConnectionState State { get; init; }

    /// <summary>Bytes received so far.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Buffers of it that consumers hold.</summary>
    public int BuffersLeased { get; init; }
}
