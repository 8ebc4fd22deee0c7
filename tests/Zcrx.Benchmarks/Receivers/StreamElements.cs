namespace Zcrx.Benchmarks.Receivers;

/// <summary>Specifies what the elements of a stream of Akka.Streams are.</summary>
internal enum StreamElements
{
    /// <summary>Byte strings of any length, as they arrive.</summary>
    Bytes,

    /// <summary>Byte strings that <c>Framing</c> of Akka.Streams cuts into frames.</summary>
    Frames,

    /// <summary>Elements that the source creates from borrowed buffers.</summary>
    MappedBuffers,

    /// <summary>Elements that the source creates from borrowed frames.</summary>
    MappedFrames,
}
