using System.Buffers;
using System.IO.Pipelines;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Represents the sending direction of a connection as a pipe. Collects written bytes in one buffer, and sends the buffer with one call.
/// </summary>
/// <remarks>
/// Like every PipeWriter, it supports one writer at a time. Only <see cref="CancelPendingFlush"/> may be called on another thread.
/// </remarks>
internal sealed class ConnectionPipeWriter(ZcrxConnection connection) : PipeWriter
{
    private const int FirstLength = 4096;

    private readonly Lock _gate = new();
    // Rented while written bytes wait to be flushed, so that an idle connection needs no memory.
    private byte[]? _buffer;
    private int _written;
    // The last send that may still be running. It owns its buffer, and later sends wait for it. After a cancelled flush, no caller waits
    // for it.
    private Task? _sending;
    private bool _completed;
    private CancellationTokenSource? _pending;
    private bool _cancelRequested;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_written);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_written);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_buffer?.Length ?? 0) - _written);
        _written += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (TakeCancellation())
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: true, isCompleted: false));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (_sending is not null)
        {
            return WaitAndSendAsync(0, cancellationToken);
        }

        // Nearly every send fits into the socket. It then needs neither a token nor an asynchronous state machine.
        int sent = _written == 0 ? 0 : connection.TrySend(_buffer.AsSpan(0, _written));
        if (sent < _written)
        {
            return WaitAndSendAsync(sent, cancellationToken);
        }

        Release();
        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: false));
    }

    /// <summary>Sends bytes. They are not copied if no earlier bytes wait and the socket has room.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        int sent = _written == 0 && _sending is null && !source.IsEmpty ? connection.TrySend(source.Span) : 0;
        if (sent < source.Length)
        {
            this.Write(source.Span[sent..]);
        }

        return FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush()
    {
        lock (_gate)
        {
            _cancelRequested = true;
            // CancelAsync is used, because Cancel would run the continuation of the flush while this lock is held.
            _ = _pending?.CancelAsync();
        }
    }

    public override void Complete(Exception? exception = null)
    {
        // Blocks until the bytes are sent, like the Complete method of a PipeWriter over a stream. CompleteAsync does not block.
        ValueTask completing = CompleteAsync(exception);
        if (!completing.IsCompletedSuccessfully)
        {
            completing.AsTask().GetAwaiter().GetResult();
        }
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        try
        {
            if (exception is null && (_written > 0 || _sending is not null))
            {
                await StartSend(0).ConfigureAwait(false);
            }
        }
        finally
        {
            Release();
            connection.ShutdownSend();
        }
    }

    /// <summary>Completes the writer and drops bytes that were not flushed. Sending is not shut down.</summary>
    public void Abandon()
    {
        _completed = true;
        Release();
    }

    private async ValueTask<FlushResult> WaitAndSendAsync(int sent, CancellationToken cancellationToken)
    {
        Task sending = StartSend(sent);
        using CancellationTokenSource pending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_gate)
        {
            // Set here, where the finally clause below is certain to clear it. CancelPendingFlush must never find a disposed source.
            _pending = pending;
            if (_cancelRequested)
            {
                _ = pending.CancelAsync();
            }
        }

        try
        {
            // A cancelled flush stops waiting but does not cancel the send. Otherwise the peer would receive a stream with a gap.
            await sending.WaitAsync(pending.Token).ConfigureAwait(false);
            _sending = null;
            return new FlushResult(isCanceled: false, isCompleted: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _ = TakeCancellation();
            return new FlushResult(isCanceled: true, isCompleted: false);
        }
        finally
        {
            lock (_gate)
            {
                _pending = null;
            }
        }
    }

    /// <summary>Begins to send the written bytes from a position on, after the current send. The new send owns the buffer.</summary>
    private Task StartSend(int start)
    {
        ReadOnlyMemory<byte> bytes = _buffer.AsMemory(start, _written - start);
        Task sending = SendAsync(_sending, bytes, _buffer);
        // If the send fails, the next flush reports the error. If no flush follows, this continuation marks the exception as observed.
        _ = sending.ContinueWith(static sent => _ = sent.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _sending = sending;
        _buffer = null;
        _written = 0;
        return sending;
    }

    private async Task SendAsync(Task? earlier, ReadOnlyMemory<byte> bytes, byte[]? buffer)
    {
        try
        {
            if (earlier is not null)
            {
                await earlier.ConfigureAwait(false);
            }

            await connection.SendAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private void Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ThrowIfCompleted();
        int needed = checked(_written + int.Max(sizeHint, 1));
        if (_buffer is { } buffer && buffer.Length >= needed)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(int.Max(FirstLength, int.Max(needed, 2 * _written)));
        _buffer.AsSpan(0, _written).CopyTo(larger);
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }

    private void Release()
    {
        _written = 0;
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool TakeCancellation()
    {
        if (!Volatile.Read(ref _cancelRequested))
        {
            return false;
        }

        lock (_gate)
        {
            bool cancelled = _cancelRequested;
            _cancelRequested = false;
            return cancelled;
        }
    }

    private void ThrowIfCompleted()
    {
        if (_completed)
        {
            throw new InvalidOperationException("Writing is not allowed after the writer was completed.");
        }
    }
}
