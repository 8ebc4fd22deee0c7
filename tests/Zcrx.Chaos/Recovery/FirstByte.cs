using System.Diagnostics;
using System.Threading.Channels;
using Zcrx.Interop;

namespace Zcrx.Chaos.Recovery;

/// <summary>Represents an observer that records when each byte arrives. The sender sends one byte at a time.</summary>
internal sealed class FirstByte : IObserver<ReceivedBuffer>
{
    private readonly Channel<long?> _times = Channel.CreateUnbounded<long?>();

    /// <summary>Waits for the next byte. Returns its arrival time in ticks of the stopwatch, or null if the stream has failed.</summary>
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
        // The sender has ended the stream after its last byte.
    }

    public void OnError(Exception error) => _times.Writer.TryWrite(null);
}
