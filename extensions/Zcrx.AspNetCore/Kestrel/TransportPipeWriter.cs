using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Zcrx.Interop;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>Writes to a connection. As in Kestrel's own transport, a flush does not throw after the client has disconnected, and completion does not wait.</summary>
/// <param name="writer">The writer that sends.</param>
internal sealed class TransportPipeWriter(PipeWriter writer) : PipeWriter
{
    private static readonly FlushResult Gone = new(isCanceled: false, isCompleted: true);

    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isCompleted;

    /// <summary>Gets a task that completes when everything is sent or the rest cannot be sent. It never faults.</summary>
    public Task Completion => _completion.Task;

    public override bool CanGetUnflushedBytes => writer.CanGetUnflushedBytes;

    public override long UnflushedBytes => writer.UnflushedBytes;

    public override void Advance(int bytes) => writer.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

    public override void CancelPendingFlush() => writer.CancelPendingFlush();

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            ValueTask<FlushResult> flush = writer.FlushAsync(cancellationToken);
            return flush.IsCompletedSuccessfully ? flush : WaitAsync(flush);
        }
        catch (Exception exception) when (MeansGone(exception))
        {
            return new ValueTask<FlushResult>(Gone);
        }
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        try
        {
            ValueTask<FlushResult> write = writer.WriteAsync(source, cancellationToken);
            return write.IsCompletedSuccessfully ? write : WaitAsync(write);
        }
        catch (Exception exception) when (MeansGone(exception))
        {
            return new ValueTask<FlushResult>(Gone);
        }
    }

    public override void Complete(Exception? exception = null) => _ = CompleteAsync(exception).AsTask();

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) != 0)
        {
            await _completion.Task.ConfigureAwait(false);
            return;
        }

        try
        {
            await writer.CompleteAsync(exception).ConfigureAwait(false);
        }
        catch (Exception error) when (MeansGone(error))
        {
            // The client has disconnected, so the rest cannot be sent.
        }
        finally
        {
            _completion.TrySetResult();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            return await flush.ConfigureAwait(false);
        }
        catch (Exception exception) when (MeansGone(exception))
        {
            return Gone;
        }
    }

    private static bool MeansGone(Exception exception) => exception is ZcrxException or SocketException or ObjectDisposedException;
}
