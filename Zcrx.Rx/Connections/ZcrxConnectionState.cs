using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies whether a connection is receiving, and the reason if it is not.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxConnectionState>))]
public enum ZcrxConnectionState
{
    /// <summary>The connection is receiving.</summary>
    Receiving,

    /// <summary>No observer is subscribed. TCP makes the peer wait.</summary>
    Unobserved,

    /// <summary>The connection is paused by <see cref="ZcrxConnection.Pause"/>, or by an operator that cannot take more items.</summary>
    Paused,

    /// <summary>The connection waits for buffers, because the pool is under pressure or empty.</summary>
    PausedByPressure,

    /// <summary>
    /// The connection is being moved to another queue, is being detached, or waits until another queue can receive for it.
    /// </summary>
    Moving,

    /// <summary>The stream has ended or failed, or the connection was closed.</summary>
    Ended,
}
