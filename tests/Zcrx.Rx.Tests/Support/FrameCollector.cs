using System.Buffers;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Represents an observer that copies its frames and counts the ends of the stream.</summary>
internal sealed class FrameCollector : IObserver<ReceivedFrame>
{
    public List<byte[]> Frames { get; } = [];

    public int Completions { get; private set; }

    public List<Exception> Errors { get; } = [];

    /// <summary>Gets the number of OnCompleted and OnError calls. It must not exceed one.</summary>
    public int Ends => Completions + Errors.Count;

    /// <summary>Gets or sets a callback that receives each frame and its number, before the frame is copied.</summary>
    public Action<int, ReadOnlySequence<byte>>? OnFrame { get; set; }

    public void OnNext(ReceivedFrame value)
    {
        Assert.Equal(0, Ends);
        OnFrame?.Invoke(Frames.Count, value.Sequence);
        Frames.Add(value.ToArray());
    }

    public void OnCompleted() => Completions++;

    public void OnError(Exception error) => Errors.Add(error);
}
