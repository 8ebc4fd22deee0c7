namespace Zcrx.Rx.Operators;

/// <summary>Holds the bounds of a pipe reader.</summary>
/// <param name="MaxReadBytes">The most bytes that one read adds.</param>
/// <param name="MaxLeasedBuffers">The most buffers that stay leased after everything was examined; more are copied.</param>
/// <param name="MaxUnconsumedBytes">The most bytes that may be unconsumed.</param>
internal sealed record PipeReaderBounds(long MaxReadBytes, int MaxLeasedBuffers, long MaxUnconsumedBytes);
