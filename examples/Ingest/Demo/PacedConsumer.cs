using System.Diagnostics;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Consumes one stream at a steady pace, off the ring's thread. What waits meanwhile are the buffers themselves: so the pool runs out when senders are faster.</summary>
internal sealed class PacedConsumer(IncomingStream stream, long bytesPerSecond)
{
    public IDisposable Subscribe(ZcrxConnection connection) =>
        connection.Buffers.Process(HandleAsync).Subscribe(static _ => { }, stream.OnError, stream.OnCompleted);

    private async ValueTask HandleAsync(BufferLease lease, CancellationToken cancellationToken)
    {
        stream.Take(lease.StreamOffset, lease.Span);
        TimeSpan early = TimeSpan.FromSeconds((double)stream.Bytes / bytesPerSecond) - Stopwatch.GetElapsedTime(stream.Started);
        if (early > TimeSpan.Zero)
        {
            await Task.Delay(early, cancellationToken);
        }
    }
}
