namespace Zcrx.Benchmarks.Receivers;

/// <summary>Specifies the elements of a stream.</summary>
internal enum StreamElements
{
    /// <summary>Byte strings as they arrive.</summary>
    Bytes,

    /// <summary>Byte strings that <c>Framing</c> of Akka.Streams cuts into frames.</summary>
    Frames,

    /// <summary>Elements that are made of borrowed buffers.</summary>
    MappedBuffers,

    /// <summary>Elements that are made of borrowed frames.</summary>
    MappedFrames,
}
