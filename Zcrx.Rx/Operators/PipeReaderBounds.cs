namespace Zcrx.Rx.Operators;

/// <summary>Holds the limits of a pipe reader.</summary>
/// <param name="MaxReadBytes">The number of bytes after which one read takes no further buffer.</param>
/// <param name="MaxLeasedBuffers">
/// The largest number of examined buffers that stay leased. If more are unconsumed, the bytes of all of them are copied.
/// </param>
/// <param name="MaxUnconsumedBytes">The largest number of bytes that may be examined but unconsumed.</param>
internal sealed record PipeReaderBounds(long MaxReadBytes, int MaxLeasedBuffers, long MaxUnconsumedBytes)
{
    /// <summary>Gets the value that <see cref="ZcrxFramingException.Limit"/> reports.</summary>
    public int FramingLimit => (int)long.Min(MaxUnconsumedBytes, int.MaxValue);
}
