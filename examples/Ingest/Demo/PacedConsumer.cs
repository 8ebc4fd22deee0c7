using Ingest.Values;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Consumes one stream at a steady pace, off the ring thread.</summary>
/// <remarks>Buffers stay leased until their turn, so faster senders exhaust the pool.</remarks>
internal sealed class PacedConsumer(IncomingStream stream, long bytesPerSecond)
{
    public IDisposable Subscribe(ZcrxConnection connection) =>
        connection.Buffers.Process(HandleAsync).Subscribe(static _ => { }, stream.OnError, stream.OnCompleted);

    private ValueTask HandleAsync(BufferLease lease, CancellationToken cancellationToken)
    {
        stream.Take(lease.StreamOffset, lease.Span);
        return Pace.KeepAsync(stream.Bytes, bytesPerSecond, stream.Started, cancellationToken);
    }
}
