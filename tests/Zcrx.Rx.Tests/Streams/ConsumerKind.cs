namespace Zcrx.Rx.Tests.Streams;

/// <summary>Specifies the behavior of a consumer in a generated schedule.</summary>
internal enum ConsumerKind
{
    /// <summary>Returns each buffer at once.</summary>
    Fast,

    /// <summary>Leases some buffers, and releases them on another thread, sooner or later.</summary>
    Slow,

    /// <summary>Leases every buffer until all other consumers have finished.</summary>
    Stuck,

    /// <summary>Unsubscribes after some buffers in its own OnNext. Another consumer takes its place.</summary>
    Alternating,

    /// <summary>Pauses the connection in OnNext. Another thread resumes it.</summary>
    Pausing,

    /// <summary>Throws after some buffers.</summary>
    Throwing,

    /// <summary>Closes the connection after some buffers.</summary>
    Closing,

    /// <summary>Subscribes when the sender has finished, or can send no more.</summary>
    Late,

    /// <summary>Cuts frames, and therefore leases the buffers of an incomplete frame.</summary>
    Framing,
}
