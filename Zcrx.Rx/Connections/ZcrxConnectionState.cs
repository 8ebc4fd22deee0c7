using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies whether a connection receives, and if not, why.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxConnectionState>))]
public enum ZcrxConnectionState
{
    /// <summary>The connection receives.</summary>
    Receiving,

    /// <summary>No observer is subscribed. Data waits at the sender.</summary>
    Unobserved,

    /// <summary>Paused by <see cref="ZcrxConnection.Pause"/>, or by an operator that cannot take more.</summary>
    Paused,

    /// <summary>Waiting for buffers: the pool is under pressure or empty.</summary>
    PausedByPressure,

    /// <summary>Moving to another queue or out of the library, or waiting for another queue to receive for it.</summary>
    Moving,

    /// <summary>The stream has ended or failed, or the connection was closed.</summary>
    Ended,
}
