using System.Buffers;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>Sends on a connection without blocking, on the caller's thread. Small sends of the ring thread may wait in a
/// <see cref="SendBatch"/> until the end of its turn. A send that finds the socket full waits for room, which the receive ring
/// reports.</summary>
internal sealed class ConnectionSender(IConnectionSocket socket, ISendingConnection connection)
{
    private readonly SendTurn _turn = new(socket);
    private readonly SendRoom _room = new(connection);
    private volatile bool _closed;
    private volatile bool _isShutDown;
    private volatile bool _hasSent;
    private volatile SocketError _takenError;
    // Only the caller that holds _turn writes this field.
    private long _sends;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty || cancellationToken.IsCancellationRequested || _closed)
        {
            return WaitAndSendAsync(new ReadOnlySequence<byte>(bytes), hasTurn: false, SocketError.Success, cancellationToken);
        }

        // Nearly every send fits into the socket. It then needs no asynchronous state machine, and its bytes need not be pinned.
        int sent;
        SocketError error;
        bool hasTurn = false;
        try
        {
            if (connection.Batch?.TryAdd(this, bytes.Span) == true)
            {
                return ValueTask.CompletedTask;
            }

            hasTurn = _turn.TryTake();
            if (!hasTurn)
            {
                return WaitAndSendAsync(new ReadOnlySequence<byte>(bytes), hasTurn: false, SocketError.Success, cancellationToken);
            }

            sent = Send(bytes.Span, out error);
        }
        catch (ObjectDisposedException exception)
        {
            // The bytes belong to a lease that has been released.
            if (hasTurn)
            {
                _turn.Release();
            }

            return ValueTask.FromException(exception);
        }

        if (sent > 0)
        {
            NoteSent();
        }

        if (error != SocketError.Success || sent < bytes.Length)
        {
            ReadOnlyMemory<byte> rest = error == SocketError.Success ? bytes[sent..] : bytes;
            return WaitAndSendAsync(new ReadOnlySequence<byte>(rest), hasTurn: true, error, cancellationToken);
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends as many bytes as the socket has room for, without waiting. Sends nothing if another send is pending.</summary>
    /// <returns>The number of bytes sent; 0 if the send fails. <see cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/> then
    /// reports the error.</returns>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (_closed)
        {
            return 0;
        }

        if (!bytes.IsEmpty && connection.Batch?.TryAdd(this, bytes) == true)
        {
            return bytes.Length;
        }

        if (!_turn.TryTake())
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
        Flush();
        if (_closed || !_turn.TryTake())
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

    /// <summary>Sends all bytes of a sequence, and waits for room if necessary.</summary>
    /// <param name="bytes">The bytes to send.</param>
    /// <param name="cancellationToken">Cancels the wait for room in the socket.</param>
    /// <param name="schedule">Schedules the continuation after a wait for room; null for the thread pool.</param>
    public ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken, Action<Action>? schedule = null)
    {
        Flush();
        if (bytes.IsEmpty || cancellationToken.IsCancellationRequested || _closed || !_turn.TryTake())
        {
            return WaitAndSendAsync(bytes, hasTurn: false, SocketError.Success, cancellationToken, schedule);
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
            return WaitAndSendAsync(error == SocketError.Success ? bytes.Slice(sent) : bytes, hasTurn: true, error, cancellationToken, schedule);
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends the remaining bytes. Waits until the other sends have ended and the socket has room.</summary>
    private async ValueTask WaitAndSendAsync(
        ReadOnlySequence<byte> bytes, bool hasTurn, SocketError error, CancellationToken cancellationToken, Action<Action>? schedule = null)
    {
        // The pin keeps a lease's memory readable, even if the lease is released during the wait.
        SequencePin? pin = null;
        // The work keeps the connection open at the end of its stream until all bytes are sent.
        connection.BeginWork();
        try
        {
            bytes = LastingBytes.Of(in bytes);
            pin = new SequencePin(in bytes);
            if (!hasTurn)
            {
                await _turn.TakeAsync(cancellationToken).ConfigureAwait(false);
                hasTurn = true;
            }

            while (!bytes.IsEmpty)
            {
                ThrowIfClosed();
                int sent = 0;
                if (error == SocketError.Success)
                {
                    sent = bytes.IsSingleSegment ? Send(bytes.FirstSpan, out error) : Send(in bytes, out error);
                }

                if (error == SocketError.WouldBlock)
                {
                    await _room.WaitAsync(schedule, cancellationToken).ConfigureAwait(false);
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
            // If the socket was closed during the call, the errno varies. The caller gets the error of a closed connection instead.
            ThrowIfClosed();
            throw Broken(error);
        }

        NoteSent();
    }

    /// <summary>Records that bytes were sent. Only the caller that holds <c>_turn</c> may call this.</summary>
    private void NoteSent()
    {
        _hasSent = true;
        Volatile.Write(ref _sends, _sends + 1);
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            // The exception must not depend on how the end of the connection was noticed.
            string message = $"Could not send on {connection.Name}: {connection.WhyClosed}.";
            throw connection.IsBroken ? new SocketException((int)SocketError.ConnectionReset, message) : (Exception)new ObjectDisposedException(connection.Name, message);
        }
    }

    /// <summary>Determines whether bytes were sent since the last call of this method.</summary>
    public bool TakeHasSent()
    {
        bool hasSent = _hasSent;
        _hasSent = false;
        return hasSent;
    }

    /// <summary>Gets the error that broke the connection if a send has received it; otherwise <see cref="SocketError.Success"/>.</summary>
    /// <remarks>The kernel reports a connection's error only once. After a send has received it, a receive returns 0, as at the end of a
    /// stream. EPIPE is not recorded, because it does not name the cause.</remarks>
    public SocketError TakenError => _takenError;

    /// <summary>Gets the number of system calls that have sent bytes.</summary>
    public long Sends => Volatile.Read(ref _sends);

    public void Shutdown()
    {
        Flush();
        _isShutDown = true;
        _turn.Shutdown();
    }

    /// <summary>Gets the descriptor of the socket. Valid while a batch contains bytes of this connection.</summary>
    public int Descriptor => socket.Descriptor;

    /// <summary>Gets a value indicating whether a batch contains bytes of this connection.</summary>
    public bool IsInBatch => _turn.IsInBatch;

    /// <summary>Gets a value indicating whether bytes of a batch are still unsent, because the socket is full. An orderly close must wait
    /// for them.</summary>
    public bool HasRest => _turn.HasRest;

    /// <summary>Sends the bytes that a batch has collected for this connection. Has no effect on a thread other than the ring
    /// thread.</summary>
    public void Flush() => connection.Batch?.Flush(this);

    /// <summary>Reserves sending for a batch, which then sends for this connection.</summary>
    /// <returns>False when another send is pending or a send would fail.</returns>
    public bool TryEnterBatch()
    {
        if (_closed || _isShutDown || !_turn.TryTakeForBatch())
        {
            return false;
        }

        if (_closed)
        {
            // The thread that abandons the ring thread may have closed the sender in the meantime.
            _turn.ReleaseFromBatch();
            return false;
        }

        return true;
    }

    /// <summary>Handles the result of a batch that has sent bytes of this connection. If bytes are left, sends them as soon as there is
    /// room.</summary>
    /// <param name="bytes">The bytes that the batch contained.</param>
    /// <param name="result">The number of bytes that the kernel has taken, or a negated errno.</param>
    public void OnBatchSent(ReadOnlySpan<byte> bytes, int result)
    {
        SocketError error = result < 0 ? GatheredSend.ErrorOf(-result) : SocketError.Success;
        NoteError(error);
        if (result > 0)
        {
            NoteSent();
        }

        if (result == bytes.Length)
        {
            _turn.ReleaseFromBatch();
        }
        else if (_turn.TryLeaveToRest())
        {
            _ = SendRestAsync(bytes[int.Max(0, result)..].ToArray(), error);
        }
    }

    private async Task SendRestAsync(byte[] rest, SocketError error)
    {
        try
        {
            await WaitAndSendAsync(new ReadOnlySequence<byte>(rest), hasTurn: true, error, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Either the send has failed and has ended the connection, or the connection was closed before.
        }

        connection.Synchronize();
    }

    /// <summary>Resumes the send that waits for room, because the socket has room or is closed. Thread-safe.</summary>
    public void OnWritable(int result) => _room.Report(result);

    public bool IsClosed => _closed;

    /// <summary>Gets a value indicating whether a shutdown of sending was requested.</summary>
    public bool IsShutDown => _isShutDown;

    /// <summary>Gets a value indicating whether a send is pending now.</summary>
    public bool IsBusy => _turn.IsTaken;

    public void Close()
    {
        Flush();
        _closed = true;
        // No shutdown may follow, because the peer would take the stream without the unsent bytes as complete.
        _turn.Drop();
        _room.Close();
        // After the flush, a batch can contain bytes only if its ring thread was abandoned. It will never send them.
        _turn.ReleaseFromBatch();
    }

    /// <summary>Ends the connection after a failed send. After a shutdown, only a failure to send the rest of a batch ends it.</summary>
    private SocketException Broken(SocketError error)
    {
        SocketException exception = new((int)error);
        if (!_isShutDown || _turn.HasRest)
        {
            _turn.Drop();
            connection.Fail(new ConnectionFailure($"sending failed: {exception.Message}", exception), abort: true);
        }

        return exception;
    }
}
