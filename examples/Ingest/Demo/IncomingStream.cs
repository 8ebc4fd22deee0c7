using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Zcrx.Interop;

namespace Ingest.Demo;

/// <summary>
/// Hashes one stream from the received buffers without copying them. One thread at a time writes; any thread may read.
/// </summary>
internal sealed class IncomingStream(EndPoint? remote) : IObserver<ReceivedBuffer>
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytes;
    private StreamEnd? _end;

    public EndPoint? Remote { get; } = remote;

    /// <summary>Gets the time of arrival, as a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Started { get; } = Stopwatch.GetTimestamp();

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Gets the duration of the stream up to now. If the stream has ended, gets its total duration.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Started, End?.Time ?? Stopwatch.GetTimestamp());

    /// <summary>Gets the end of the stream, or null while it is open.</summary>
    public StreamEnd? End => Volatile.Read(ref _end);

    /// <summary>Returns the current state of the stream.</summary>
    public ReceivedStream Snapshot() => new(Remote, Bytes, End);

    public void OnNext(ReceivedBuffer value) => Take(value.StreamOffset, value.Span);

    /// <summary>Hashes the next bytes.</summary>
    public void Take(long streamOffset, ReadOnlySpan<byte> bytes)
    {
        // Zcrx guarantees that the offsets have no gap. The demo verifies this.
        if (streamOffset != _bytes)
        {
            throw new InvalidOperationException($"the buffer starts at {streamOffset} of the stream, but {_bytes} bytes have arrived so far");
        }

        _hash.AppendData(bytes);
        Volatile.Write(ref _bytes, _bytes + bytes.Length);
    }

    public void OnCompleted() => Finish(new StreamEnd(Convert.ToHexStringLower(_hash.GetHashAndReset()), null, Stopwatch.GetTimestamp()));

    public void OnError(Exception error) => Finish(new StreamEnd("", error.Message.ReplaceLineEndings(" "), Stopwatch.GetTimestamp()));

    private void Finish(StreamEnd end)
    {
        _hash.Dispose();
        Volatile.Write(ref _end, end);
    }
}
