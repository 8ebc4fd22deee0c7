using System.Text.Json.Serialization;

namespace Zcrx.Actors;

/// <summary>Specifies why a command about a connection or a queue could not be carried out.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxFailure>))]
public enum ZcrxFailure
{
    /// <summary>No connection that is being served has this number: it is closed, or never was.</summary>
    NoSuchConnection,

    /// <summary>No queue has this name.</summary>
    NoSuchQueue,

    /// <summary>The queue is not open now, or no queue is; a queue that was to be restarted could not be opened.</summary>
    QueueNotOpen,

    /// <summary>The connection is already being moved or detached.</summary>
    Busy,

    /// <summary>The connection ended first.</summary>
    Ended,

    /// <summary>The socket cannot be taken over.</summary>
    InvalidSocket,

    /// <summary>Zcrx is being stopped.</summary>
    Stopping,
}
