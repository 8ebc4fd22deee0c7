using System.IO.Pipelines;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Presents a connection to code that is written against pipes or streams.</summary>
public static class ZcrxPipeExtensions
{
    /// <summary>Returns both directions of a connection as pipes.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="maxQueued">The number of buffers that may wait for the reader.</param>
    /// <returns>
    /// The input reads over the original buffers. The caller completes it, and the connection stays open until then. Completing the output sends what is buffered and ends sending. Receiving starts at once.
    /// </returns>
    public static IDuplexPipe ToDuplexPipe(this ZcrxConnection connection, int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new DuplexPipe(connection.Buffers.ToPipeReader(maxQueued), connection.ToPipeWriter());
    }

    /// <summary>Returns the sending direction of a connection as a pipe writer.</summary>
    /// <param name="connection">The connection.</param>
    /// <returns>A writer, owned by the caller. A flush ends when the kernel has taken the bytes. Completing it ends sending.</returns>
    public static PipeWriter ToPipeWriter(this ZcrxConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return PipeWriter.Create(new ConnectionStream(connection, input: null, closes: false));
    }

    /// <summary>Returns a connection as a stream, for instance for <c>SslStream</c>.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="maxQueued">The number of buffers that may wait for the reader.</param>
    /// <returns>A stream, owned by the caller. Disposing it closes the connection. Reads copy. Receiving starts at once.</returns>
    public static Stream AsStream(this ZcrxConnection connection, int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new ConnectionStream(connection, connection.Buffers.ToPipeReader(maxQueued).AsStream(), closes: true);
    }
}
