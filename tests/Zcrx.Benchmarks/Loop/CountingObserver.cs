using Zcrx.Interop;

namespace Zcrx.Benchmarks.Loop;

/// <summary>Counts the bytes that it receives.</summary>
internal sealed class CountingObserver : IObserver<ReceivedBuffer>
{
    public long Bytes { get; private set; }

    public void OnNext(ReceivedBuffer value) => Bytes += value.Span.Length;

    public void OnError(Exception error)
    {
    }

    public void OnCompleted()
    {
    }
}
