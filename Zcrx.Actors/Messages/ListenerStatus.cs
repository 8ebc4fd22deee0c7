using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Actors.Messages;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Represents the status of one listener.</summary>
public sealed record ListenerStatus : ILocalMessage
{
    /// <summary>Gets the listener's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the bound address with the actual port; null before the listener is bound and after it is closed.</summary>
    [JsonConverter(typeof(IPEndPointJsonConverter))]
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>Gets the number of open connections.</summary>
    public int Connections { get; init; }

    /// <summary>Gets the number of connections accepted since the start.</summary>
    public long Accepted { get; init; }

    /// <summary>
    /// Gets the number of connections that were reset because the listener or the peer's address had reached its limit of connections.
    /// </summary>
    public long Refused { get; init; }

    /// <summary>Gets the maximum number of open connections; 0 for no limit.</summary>
    public int MaxConnections { get; init; }

    /// <summary>
    /// Gets a value indicating whether the listener has reached its limit of connections. Further connections are then reset.
    /// </summary>
    public bool IsFull { get; init; }

    /// <summary>Gets the failure; null if the listener has not failed.</summary>
    [JsonConverter(typeof(ExceptionJsonConverter))]
    public Exception? Error { get; init; }
}
