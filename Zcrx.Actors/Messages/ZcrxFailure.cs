using System.Text.Json.Serialization;

namespace Zcrx.Actors;

/// <summary>Specifies why a command about a connection, a queue or a listener could not be carried out.</summary>
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

    /// <summary>The options of a listener are invalid.</summary>
    InvalidOptions,

    /// <summary>Another listener has the name.</summary>
    ListenerExists,

    /// <summary>No listener has the name.</summary>
    NoSuchListener,

    /// <summary>The address cannot be bound, or a queue refuses its port.</summary>
    CannotListen,

    /// <summary>The ports were closed by <see cref="ZcrxCommand.CloseListeners"/>, or another process has taken over.</summary>
    NotAccepting,
}
