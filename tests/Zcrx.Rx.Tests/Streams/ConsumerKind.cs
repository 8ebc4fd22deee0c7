namespace Zcrx.Rx.Tests.Streams;

/// <summary>Specifies the behavior of a consumer in a generated schedule.</summary>
internal enum ConsumerKind
{
    /// <summary>Returns each buffer at once.</summary>
    Fast,

    /// <summary>Leases some buffers, and releases them on another thread after a random time.</summary>
    Slow,

    /// <summary>Leases every buffer until all other consumers have finished.</summary>
    Stuck,

    /// <summary>Unsubscribes inside OnNext after some buffers. A new observer then continues.</summary>
    Alternating,

    /// <summary>Pauses the connection in OnNext. Another thread resumes it.</summary>
    Pausing,

    /// <summary>Throws after some buffers.</summary>
    Throwing,

    /// <summary>Closes the connection after some buffers.</summary>
    Closing,

    /// <summary>Subscribes only when the sender has finished or is blocked.</summary>
    Late,

    /// <summary>Cuts the stream into frames. It therefore leases the buffers of incomplete frames.</summary>
    Framing,
}
