using System.Text.Json.Serialization;

namespace Zcrx.Actors;

/// <summary>Specifies why a command about a connection, a queue or a listener failed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxFailure>))]
public enum ZcrxFailure
{
    /// <summary>No served connection has this id. The connection is closed or never existed.</summary>
    NoSuchConnection,

    /// <summary>No queue has this name.</summary>
    NoSuchQueue,

    /// <summary>The named queue is not open, no queue is open at all, or a restart could not open the queue.</summary>
    QueueNotOpen,

    /// <summary>The connection is already being moved or detached.</summary>
    Busy,

    /// <summary>The connection ended before the command was executed.</summary>
    Ended,

    /// <summary>The socket cannot be attached.</summary>
    InvalidSocket,

    /// <summary>Zcrx is being stopped.</summary>
    Stopping,

    /// <summary>The options of a listener are invalid.</summary>
    InvalidOptions,

    /// <summary>Another listener already has this name.</summary>
    ListenerExists,

    /// <summary>No listener has this name.</summary>
    NoSuchListener,

    /// <summary>The address cannot be bound, or a queue refuses its port.</summary>
    CannotListen,

    /// <summary>The ports were closed by <see cref="ZcrxCommand.CloseListeners"/>, or another process has taken over.</summary>
    NotAccepting,

    /// <summary>
    /// The command was not completed within <see cref="ZcrxOptions.BindTimeout"/>, for example because a ring thread is stuck. The listener
    /// of a bind command is removed. The port or the connections of an unbind command close later.
    /// </summary>
    TimedOut,
}
