namespace Zcrx.Rx;

/// <summary>Counts frames that were skipped because they are longer than the limit.</summary>
/// <remarks>
/// One object may count the frames of several streams, and any thread may read it. A frame is counted when its end has arrived. Counting
/// allocates no memory.
/// </remarks>
/// <param name="onSkipped">
/// Called for each skipped frame on the thread on which the buffers arrive, in order with the delivered frames; null if only the counts are
/// needed. An exception of this callback has the effect of an exception of the observer's <c>OnNext</c>.
/// </param>
public sealed class FrameSkips(Action<SkippedFrame>? onSkipped = null)
{
    private long _count;
    private long _bytes;

    /// <summary>Gets the number of skipped frames.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Gets the total number of bytes in skipped frames, as <see cref="SkippedFrame.Length"/> counts them.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    internal void Add(SkippedFrame frame)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, frame.Length);
        onSkipped?.Invoke(frame);
    }
}
