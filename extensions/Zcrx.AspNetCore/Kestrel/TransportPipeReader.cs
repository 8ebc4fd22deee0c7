using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Zcrx.Interop;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>
/// Reads from a connection. Translates errors to <see cref="ConnectionResetException"/>, which Kestrel logs at debug level only.
/// </summary>
/// <param name="reader">The reader over the received buffers.</param>
internal sealed class TransportPipeReader(PipeReader reader) : PipeReader
{
    private volatile ConnectionAbortedException? _abortReason;

    /// <summary>Sets the error that reads throw after Kestrel has aborted the connection.</summary>
    public void OnAborted(ConnectionAbortedException reason) => _abortReason = reason;

    public override void AdvanceTo(SequencePosition consumed) => reader.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => reader.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => reader.CancelPendingRead();

    public override void Complete(Exception? exception = null) => reader.Complete(exception);

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read = reader.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? read : WaitAsync(read);
    }

    public override bool TryRead(out ReadResult result)
    {
        try
        {
            return reader.TryRead(out result);
        }
        catch (ZcrxException exception)
        {
            throw Translate(exception);
        }
    }

    // The builder pools the state machine, because a connection waits here once for each request.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (ZcrxException exception)
        {
            throw Translate(exception);
        }
    }

    private Exception Translate(ZcrxException exception) => _abortReason ?? (Exception)new ConnectionResetException(exception.Message, exception);
}
