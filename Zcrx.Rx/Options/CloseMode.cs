namespace Zcrx.Rx;

/// <summary>
/// Specifies when a connection closes after its stream has ended normally. A broken stream closes the connection in every mode.
/// </summary>
public enum CloseMode
{
    /// <summary>
    /// Closes once the stream has ended and its consumers have finished, so that replies to the last bytes of the peer arrive. Consumers
    /// are operators on other threads, pipe readers, asynchronous handlers, and work announced by <see cref="ZcrxConnection.BeginWork"/>.
    /// </summary>
    AfterConsumers,

    /// <summary>Closes as soon as the stream has ended. Replies that are sent later fail.</summary>
    AtEndOfStream,

    /// <summary>Closes only when the application closes the connection. The peer may keep it open indefinitely.</summary>
    Manual,
}
