using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Represents the sending half of a connection: non-blocking sends on the caller's thread. Only a send that waits for room involves
/// the ring.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never used, so there is nothing to dispose; disposing it would strand the callers that wait.")]
internal sealed class ConnectionSender(IConnectionSocket socket, ISendingConnection connection)
{
    // Held by the caller that sends, also while it waits for room in the socket.
    // Lock order: this semaphore, then the wake-up of RingThread. The ring thread never waits for this semaphore.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private TaskCompletionSource<int>? _writable;
    private volatile bool _closed;
    private volatile bool _isShutDown;
    private volatile bool _hasSent;
    private volatile SocketError _takenError;
    // Written only by the caller that holds _turn.
    private long _sends;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty || cancellationToken.IsCancellationRequested || _closed || !_turn.Wait(0, CancellationToken.None))
        {
            return SendAsync(bytes, hasTurn: false, SocketError.Success, cancellationToken);
        }

        // Nearly every send fits into the socket. Such a send needs no state machine, and its bytes need no pin.
        int sent;
        SocketError error;
        try
        {
            sent = Send(bytes.Span, out error);
        }
        catch (ObjectDisposedException exception)
        {
            // The bytes belong to a lease that was released.
            _turn.Release();
            return ValueTask.FromException(exception);
        }

        if (sent > 0)
        {
            NoteSent();
        }

        if (error != SocketError.Success || sent < bytes.Length)
        {
            return SendAsync(error == SocketError.Success ? bytes[sent..] : bytes, hasTurn: true, error, cancellationToken);
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends as many bytes as the socket has room for at once, unless another send is pending.</summary>
    /// <returns>
    /// The number of bytes sent. Also 0 when sending fails. <see cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/> then reports
    /// the error.
    /// </returns>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (_closed || !_turn.Wait(0, CancellationToken.None))
        {
            return 0;
        }

        int sent = Send(bytes, out SocketError error);
        if (error == SocketError.Success)
        {
            NoteSent();
        }

        _turn.Release();
        return error == SocketError.Success ? sent : 0;
    }

    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})"/>
    public int TrySend(ReadOnlySpan<IoVector> pieces)
    {
        if (_closed || !_turn.Wait(0, CancellationToken.None))
        {
            return 0;
        }

        int sent = Send(pieces, out SocketError error);
        if (error == SocketError.Success)
        {
            NoteSent();
        }

        _turn.Release();
        return error == SocketError.Success ? sent : 0;
    }

    /// <summary>Sends a sequence.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Cancels the wait for room.</param>
    /// <param name="schedule">Schedules the rest of the call after a wait for room; null for the thread pool.</param>
    public ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken, Action<Action>? schedule = null)
    {
        if (bytes.IsEmpty || cancellationToken.IsCancellationRequested || _closed || !_turn.Wait(0, CancellationToken.None))
        {
            return SendAsync(bytes, hasTurn: false, SocketError.Success, schedule, cancellationToken);
        }

        int sent;
        SocketError error;
        try
        {
            sent = Send(in bytes, out error);
        }
        catch (ObjectDisposedException exception)
        {
            _turn.Release();
            return ValueTask.FromException(exception);
        }

        if (sent > 0)
        {
            NoteSent();
        }

        if (error != SocketError.Success || sent < bytes.Length)
        {
            return SendAsync(error == SocketError.Success ? bytes.Slice(sent) : bytes, hasTurn: true, error, schedule, cancellationToken);
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends the bytes that could not be sent at once. Waits for the turn and for room in the socket.</summary>
    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool hasTurn, SocketError error, CancellationToken cancellationToken)
    {
        // A lease's memory stays readable while it is pinned, even if the lease is released first.
        MemoryHandle pin = default;
        // The end of the stream must not close the connection before everything is sent.
        connection.BeginWork();
        try
        {
            bytes = Owned(bytes);
            pin = bytes.Pin();
            if (!hasTurn)
            {
                await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
                hasTurn = true;
            }

            while (bytes.Length > 0)
            {
                ThrowIfClosed();
                int sent = 0;
                if (error == SocketError.Success)
                {
                    sent = Send(bytes.Span, out error);
                }

                if (error == SocketError.WouldBlock)
                {
                    await WaitForRoomAsync(schedule: null, cancellationToken).ConfigureAwait(false);
                    error = SocketError.Success;
                    continue;
                }

                ThrowIfFailed(error);
                bytes = bytes[sent..];
            }
        }
        finally
        {
            if (hasTurn)
            {
                _turn.Release();
            }

            pin.Dispose();
            connection.EndWork();
        }
    }

    private async ValueTask SendAsync(ReadOnlySequence<byte> bytes, bool hasTurn, SocketError error, Action<Action>? schedule, CancellationToken cancellationToken)
    {
        SequencePin? pin = null;
        connection.BeginWork();
        try
        {
            bytes = Owned(in bytes);
            pin = new SequencePin(in bytes);
            if (!hasTurn)
            {
                await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
                hasTurn = true;
            }

            while (!bytes.IsEmpty)
            {
                ThrowIfClosed();
                int sent = 0;
                if (error == SocketError.Success)
                {
                    sent = Send(in bytes, out error);
                }

                if (error == SocketError.WouldBlock)
                {
                    await WaitForRoomAsync(schedule, cancellationToken).ConfigureAwait(false);
                    error = SocketError.Success;
                    continue;
                }

                ThrowIfFailed(error);
                bytes = bytes.Slice(sent);
            }
        }
        finally
        {
            if (hasTurn)
            {
                _turn.Release();
            }

            pin?.Dispose();
            connection.EndWork();
        }
    }

    private int Send(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        int sent = socket.Send(bytes, out error);
        NoteError(error);
        return sent;
    }

    private int Send(in ReadOnlySequence<byte> bytes, out SocketError error)
    {
        int sent = socket.Send(in bytes, out error);
        NoteError(error);
        return sent;
    }

    private int Send(ReadOnlySpan<IoVector> pieces, out SocketError error)
    {
        int sent = socket.Send(pieces, out error);
        NoteError(error);
        return sent;
    }

    private void NoteError(SocketError error)
    {
        if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.Shutdown))
        {
            _takenError = error;
        }
    }

    private void ThrowIfFailed(SocketError error)
    {
        if (error != SocketError.Success)
        {
            // A socket that is closed during the call returns various errors.
            ThrowIfClosed();
            throw Broken(error);
        }

        NoteSent();
    }

    /// <summary>Records that bytes were sent. Called only by the caller that holds <c>_turn</c>.</summary>
    private void NoteSent()
    {
        _hasSent = true;
        Volatile.Write(ref _sends, _sends + 1);
    }

    /// <summary>
    /// Returns bytes that stay valid while a send waits. Borrowed bytes are copied, because their buffer is reused after OnNext.
    /// </summary>
    private static ReadOnlyMemory<byte> Owned(ReadOnlyMemory<byte> bytes) => AreaMemory.IsBorrowed(bytes) ? bytes.ToArray() : bytes;

    private static ReadOnlySequence<byte> Owned(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            if (AreaMemory.IsBorrowed(piece))
            {
                return new ReadOnlySequence<byte>(bytes.ToArray());
            }
        }

        return bytes;
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            // A send fails with the same error, no matter how the end of the connection was detected.
            string message = $"Could not send on {connection.Name}: {connection.WhyClosed}.";
            throw connection.IsBroken ? new SocketException((int)SocketError.ConnectionReset, message) : (Exception)new ObjectDisposedException(connection.Name, message);
        }
    }

    /// <summary>Determines whether anything was sent since the last call.</summary>
    public bool TakeHasSent()
    {
        bool hasSent = _hasSent;
        _hasSent = false;
        return hasSent;
    }

    /// <summary>
    /// Gets the error with which the connection broke, if a send has received it; otherwise <see cref="SocketError.Success"/>.
    /// </summary>
    /// <remarks>
    /// The kernel reports the error of a connection only once. If a send has received it, receives return 0, as at the end of the stream.
    /// EPIPE is not recorded: the peer had ended its stream before, or another call has received the error.
    /// </remarks>
    public SocketError TakenError => _takenError;

    /// <summary>Gets the number of system calls that have sent something.</summary>
    public long Sends => Volatile.Read(ref _sends);

    public void Shutdown()
    {
        _isShutDown = true;
        socket.ShutdownSend();
    }

    /// <summary>Resumes the caller that waits for room: the socket has room or is closed. Thread-safe.</summary>
    public void OnWritable(int result) => Interlocked.Exchange(ref _writable, null)?.TrySetResult(result);

    public bool IsClosed => _closed;

    /// <summary>Gets a value indicating whether sending is being shut down, or has been.</summary>
    public bool IsShutDown => _isShutDown;

    /// <summary>Gets a value indicating whether a send is pending.</summary>
    public bool IsBusy => _turn.CurrentCount == 0;

    public void Close()
    {
        _closed = true;
        OnWritable(0);
    }

    /// <summary>Ends the connection after a failed send, unless the application has shut sending down.</summary>
    private SocketException Broken(SocketError error)
    {
        SocketException exception = new((int)error);
        if (!_isShutDown)
        {
            connection.Fail(new ConnectionFailure($"sending failed: {exception.Message}", exception), abort: true);
        }

        return exception;
    }

    private async ValueTask WaitForRoomAsync(Action<Action>? schedule, CancellationToken cancellationToken)
    {
        // With a schedule, only the scheduling itself runs on the thread that reports the room.
        TaskCompletionSource<int> writable = new(schedule is null ? Threads.ContinuationOptions : TaskCreationOptions.None);
        // A full fence: either this call sees that the socket is closed, or Close sees that a caller waits.
        Interlocked.Exchange(ref _writable, writable);
        if (_closed)
        {
            OnWritable(0);
        }
        else
        {
            connection.AwaitRoom();
        }

        await writable.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (schedule is not null)
        {
            await new ScheduledContinuation(schedule);
        }
    }
}
