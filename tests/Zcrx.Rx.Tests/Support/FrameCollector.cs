using System.Buffers;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Copies its frames, and counts the ends of the stream.</summary>
internal sealed class FrameCollector : IObserver<ReceivedFrame>
{
    public List<byte[]> Frames { get; } = [];

    public int Completions { get; private set; }

    public List<Exception> Errors { get; } = [];

    /// <summary>Gets the number of ends: completions and errors. It never exceeds one.</summary>
    public int Ends => Completions + Errors.Count;

    /// <summary>Gets or sets a callback for each frame, with its number, before the frame is copied.</summary>
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
