using System.Collections.Concurrent;
using System.Diagnostics;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>All streams that have come in, in the order in which they came.</summary>
/// <param name="pace">Bytes per second that each stream is consumed at; null for as many as come.</param>
internal sealed class IncomingStreams(long? pace = null)
{
    private readonly ConcurrentQueue<IncomingStream> _streams = new();

    public IReadOnlyCollection<IncomingStream> All => _streams;

    /// <summary>From the first connection to the last stream's end, or to now while one lasts.</summary>
    public TimeSpan Elapsed => _streams.TryPeek(out IncomingStream? first)
        ? Stopwatch.GetElapsedTime(first.Started, _streams.Max(stream => stream.End?.Time ?? Stopwatch.GetTimestamp()))
        : TimeSpan.Zero;

    /// <summary>Returns whether at least this number of streams have arrived and all have ended.</summary>
    public bool HaveEnded(int count) => _streams.Count >= count && _streams.All(stream => stream.End is not null);

    /// <summary>Takes a connection in: its stream is hashed from the first byte to the last.</summary>
    public IDisposable Accept(ZcrxConnection connection)
    {
        IncomingStream stream = new(connection.RemoteEndPoint);
        _streams.Enqueue(stream);
        return pace is { } bytesPerSecond ? new PacedConsumer(stream, bytesPerSecond).Subscribe(connection) : connection.Buffers.Subscribe(stream);
    }
}
