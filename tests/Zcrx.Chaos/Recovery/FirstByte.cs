using System.Diagnostics;
using System.Threading.Channels;
using Zcrx.Interop;

namespace Zcrx.Chaos.Recovery;

/// <summary>Notes when a byte came. The sender sends them one by one.</summary>
internal sealed class FirstByte : IObserver<ReceivedBuffer>
{
    private readonly Channel<long?> _times = Channel.CreateUnbounded<long?>();

    /// <summary>When the next byte came, in the stopwatch's ticks; null when the stream broke instead.</summary>
    public Task<long?> NextAsync() => _times.Reader.ReadAsync().AsTask();

    public void OnNext(ReceivedBuffer value)
    {
        long now = Stopwatch.GetTimestamp();
        for (int i = 0; i < value.Length; i++)
        {
            _times.Writer.TryWrite(now);
        }
    }

    public void OnCompleted()
    {
        // The sender is through.
    }

    public void OnError(Exception error) => _times.Writer.TryWrite(null);
}
