using System.Diagnostics;
using System.Threading.Channels;
using Zcrx.Interop;

namespace Zcrx.Chaos.Recovery;

/// <summary>Records the time of each received byte. The sender sends one byte at a time.</summary>
internal sealed class FirstByte : IObserver<ReceivedBuffer>
{
    private readonly Channel<long?> _times = Channel.CreateUnbounded<long?>();

    /// <summary>Returns the arrival time of the next byte, in ticks of the stopwatch; null if the stream failed.</summary>
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
        // The sender has sent all bytes.
    }

    public void OnError(Exception error) => _times.Writer.TryWrite(null);
}
