namespace Zcrx.Rx;

/// <summary>Counts the frames that were skipped because they are longer than the limit.</summary>
/// <remarks>
/// One object may count for any number of streams, and may be read on any thread. A frame counts when its end has arrived.
/// Counting allocates nothing.
/// </remarks>
/// <param name="onSkipped">Called for each skipped frame, in order with the frames, on the thread on which the buffers arrive; null if only
/// counts are needed. An exception of this action is treated like an exception of the observer's <c>OnNext</c>.</param>
public sealed class FrameSkips(Action<SkippedFrame>? onSkipped = null)
{
    private long _count;
    private long _bytes;

    /// <summary>Gets the number of skipped frames.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Gets the number of bytes of the skipped frames, counted like <see cref="SkippedFrame.Length"/>.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    internal void Add(SkippedFrame frame)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, frame.Length);
        onSkipped?.Invoke(frame);
    }
}
