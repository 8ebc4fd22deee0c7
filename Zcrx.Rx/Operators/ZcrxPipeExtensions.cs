using System.IO.Pipelines;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Provides methods that present a connection as pipes or as a stream, for code that is written against these types.</summary>
public static class ZcrxPipeExtensions
{
    /// <summary>Returns both directions of a connection as pipes.</summary>
    /// <param name="connection">The connection to present.</param>
    /// <param name="maxQueued">The largest number of buffers that may wait to be read.</param>
    /// <param name="continueOnRingThread">
    /// Whether a read that has waited continues on the ring thread, see <see cref="ZcrxOffloadExtensions.ToPipeReader"/>.
    /// </param>
    /// <param name="maxUnconsumedBytes">
    /// The largest number of bytes that may be examined but not consumed, see <see cref="ZcrxOffloadExtensions.ToPipeReader"/>. If there
    /// are more, the next read fails. The default is 64 MiB.
    /// </param>
    /// <returns>
    /// The pipes, which the caller owns and must dispose. The connection stays open until then. Receiving starts at once.
    /// </returns>
    public static ZcrxDuplexPipe ToDuplexPipe(
        this ZcrxConnection connection,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        bool continueOnRingThread = false,
        long maxUnconsumedBytes = 64 << 20)
    {
        ArgumentNullException.ThrowIfNull(connection);
        PipeReader input = connection.Buffers.ToPipeReader(maxQueued, continueOnRingThread: continueOnRingThread, maxUnconsumedBytes: maxUnconsumedBytes);
        return new ZcrxDuplexPipe(input, new ConnectionPipeWriter(connection));
    }

    /// <summary>Returns the sending direction of a connection as a pipe writer.</summary>
    /// <param name="connection">The connection to send on.</param>
    /// <returns>
    /// A writer, which the caller owns. A flush completes when the kernel has taken the bytes. A cancelled flush stops waiting, but its
    /// bytes are still sent. Completing the writer shuts down sending.
    /// </returns>
    public static PipeWriter ToPipeWriter(this ZcrxConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new ConnectionPipeWriter(connection);
    }

    /// <summary>Returns a connection as a stream, for example for <c>SslStream</c>.</summary>
    /// <param name="connection">The connection to present.</param>
    /// <param name="maxQueued">The largest number of buffers that may wait to be read.</param>
    /// <returns>
    /// A stream, which the caller owns. Disposing it closes the connection. Reads copy the bytes. Receiving starts at once. If the
    /// connection is broken, reads and writes throw an <see cref="IOException"/> with the connection's error as its inner exception.
    /// </returns>
    public static Stream AsStream(this ZcrxConnection connection, int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new ConnectionStream(connection, connection.Buffers.ToPipeReader(maxQueued).AsStream());
    }
}
