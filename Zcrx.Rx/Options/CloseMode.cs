namespace Zcrx.Rx;

/// <summary>Specifies when a connection closes whose stream has ended in order. A stream that breaks closes it in every mode.</summary>
public enum CloseMode
{
    /// <summary>
    /// Once the stream has ended and its consumers are through: operators off the ring thread, pipe readers, asynchronous handlers, and what
    /// <see cref="ZcrxConnection.BeginWork"/> has announced. Replies to the last bytes of the peer therefore arrive.
    /// </summary>
    AfterConsumers,

    /// <summary>As soon as the stream has ended. Replies that are sent later fail.</summary>
    AtEndOfStream,

    /// <summary>When the application closes it. The peer may keep it open for ever.</summary>
    Manual,
}
