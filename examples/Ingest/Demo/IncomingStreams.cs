using System.Collections.Concurrent;
using System.Diagnostics;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Contains all streams, in the order of their arrival.</summary>
/// <param name="pace">The bytes per second that each stream's consumer takes, or null for no limit.</param>
internal sealed class IncomingStreams(long? pace = null)
{
    private readonly ConcurrentQueue<IncomingStream> _streams = new();

    public IReadOnlyCollection<IncomingStream> All => _streams;

    /// <summary>Gets the time from the first connection to the end of the last stream, or to now while a stream is open.</summary>
    public TimeSpan Elapsed => _streams.TryPeek(out IncomingStream? first)
        ? Stopwatch.GetElapsedTime(first.Started, _streams.Max(stream => stream.End?.Time ?? Stopwatch.GetTimestamp()))
        : TimeSpan.Zero;

    /// <summary>Determines whether at least this number of streams have arrived and all have ended.</summary>
    public bool HaveEnded(int count) => _streams.Count >= count && _streams.All(stream => stream.End is not null);

    /// <summary>Accepts a connection. Its stream is hashed from the first byte to the last.</summary>
    public IDisposable Accept(ZcrxConnection connection)
    {
        IncomingStream stream = new(connection.RemoteEndPoint);
        _streams.Enqueue(stream);
        return pace is { } bytesPerSecond ? new PacedConsumer(stream, bytesPerSecond).Subscribe(connection) : connection.Buffers.Subscribe(stream);
    }
}
