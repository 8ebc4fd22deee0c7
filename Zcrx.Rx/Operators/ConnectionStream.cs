using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Zcrx.Interop;

namespace Zcrx.Rx.Operators;

/// <summary>Represents a connection as a stream. Reads use the connection's pipe reader, and writes send.</summary>
/// <remarks>
/// An error of the connection is thrown as the inner exception of an IOException, because callers of streams expect that type.
/// </remarks>
/// <param name="connection">The connection to which writes are sent.</param>
/// <param name="input">The stream that reads the received bytes.</param>
internal sealed class ConnectionStream(ZcrxConnection connection, Stream input) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException("A connection has no length.");

    public override long Position
    {
        get => throw new NotSupportedException("A connection has no position that can be set.");
        set => throw new NotSupportedException("A connection has no position that can be set.");
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (ZcrxException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await connection.SendAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ZcrxException)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A connection has no position that can be set.");

    public override void SetLength(long value) => throw new NotSupportedException("A connection has no length.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
            connection.Dispose();
        }

        base.Dispose(disposing);
    }
}
