namespace Zcrx.Rx.Tests.Streams;

/// <summary>Specifies the behavior of a consumer in a generated schedule.</summary>
internal enum ConsumerKind
{
    /// <summary>Returns each buffer at once.</summary>
    Fast,

    /// <summary>Keeps some, and releases them on another thread, sooner or later.</summary>
    Slow,

    /// <summary>Keeps everything until all others are done.</summary>
    Stuck,

    /// <summary>Leaves after some buffers, in its own OnNext; another one takes its place.</summary>
    Alternating,

    /// <summary>Pauses the connection in OnNext; another thread resumes it.</summary>
    Pausing,

    /// <summary>Throws after some buffers.</summary>
    Throwing,

    /// <summary>Closes the connection after some buffers.</summary>
    Closing,

    /// <summary>Subscribes when the sender is done, or can send no more.</summary>
    Late,

    /// <summary>Cuts frames, and so keeps what belongs to one that is not complete.</summary>
    Framing,
}
