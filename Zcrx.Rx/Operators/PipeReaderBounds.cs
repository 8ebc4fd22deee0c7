namespace Zcrx.Rx.Operators;

/// <summary>Holds the bounds of a pipe reader.</summary>
/// <param name="MaxReadBytes">The maximum number of bytes that one read adds.</param>
/// <param name="MaxLeasedBuffers">
/// The maximum number of buffers that stay leased after everything was examined. If more are leased, all are copied.
/// </param>
/// <param name="MaxUnconsumedBytes">The maximum number of unconsumed bytes.</param>
internal sealed record PipeReaderBounds(long MaxReadBytes, int MaxLeasedBuffers, long MaxUnconsumedBytes)
{
    /// <summary>Gets the limit as <see cref="ZcrxFramingException.Limit"/> states it.</summary>
    public int FramingLimit => (int)long.Min(MaxUnconsumedBytes, int.MaxValue);
}
