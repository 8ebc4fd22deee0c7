using System.IO.Pipelines;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Presents a connection to code that is written against pipes or streams.</summary>
public static class ZcrxPipeExtensions
{
    /// <summary>Returns both directions of a connection as pipes.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="maxQueued">The number of buffers that may wait for the reader.</param>
    /// <param name="continueOnRingThread">
    /// Whether a read that had to wait continues on the ring thread; see <see cref="ZcrxOffloadExtensions.ToPipeReader"/>.
    /// </param>
    /// <param name="maxUnconsumedBytes">
    /// The maximum number of bytes that may be examined but unconsumed; see <see cref="ZcrxOffloadExtensions.ToPipeReader"/>. The default is
    /// 64 MiB. If more are unconsumed, the next read fails.
    /// </param>
    /// <returns>The pipes, which the caller owns and disposes. The connection stays open until then. Receiving starts at once.</returns>
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
    /// <param name="connection">The connection.</param>
    /// <returns>
    /// A writer, owned by the caller. A flush ends when the kernel has taken the bytes. A cancelled flush stops waiting, but its bytes are
    /// still sent. Completing the writer ends sending.
    /// </returns>
    public static PipeWriter ToPipeWriter(this ZcrxConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new ConnectionPipeWriter(connection);
    }

    /// <summary>Returns a connection as a stream, for instance for <c>SslStream</c>.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="maxQueued">The number of buffers that may wait for the reader.</param>
    /// <returns>
    /// A stream, owned by the caller. Disposing it closes the connection. Reads copy the bytes. Receiving starts at once. Reads and writes
    /// on a broken connection throw an <see cref="IOException"/>, whose inner exception is the error of the connection.
    /// </returns>
    public static Stream AsStream(this ZcrxConnection connection, int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new ConnectionStream(connection, connection.Buffers.ToPipeReader(maxQueued).AsStream());
    }
}
