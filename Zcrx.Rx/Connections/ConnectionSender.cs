using System.Buffers;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Represents the sending half of a connection: non-blocking sends on the caller's thread. Small sends of the ring thread can wait in
/// <see cref="SendBatch"/> for the end of its turn. Only a full socket involves the ring of the receives.
/// </summary>
internal sealed class ConnectionSender(IConnectionSocket socket, ISendingConnection connection)
{
    private readonly SendTurn _turn = new(socket);
    private readonly SendRoom _room = new(connection);
    private volatile bool _closed;
    private volatile bool _isShutDown;
    private volatile bool _hasSent;
    private volatile SocketError _takenError;
    // Written only by the caller that holds _turn.
    private long _sends;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty || cancellationToken.IsCancellationRequested || _closed)
        {
            return WaitAndSendAsync(new ReadOnlySequence<byte>(bytes), hasTurn: false, SocketError.Success, cancellationToken);
        }

        // Nearly every send fits into the socket. Such a send needs no state machine, and its bytes need no pin.
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
            // The bytes belong to a lease that was released.
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

    /// <summary>Sends as many bytes as the socket has room for at once, unless another send is pending.</summary>
    /// <returns>
    /// The number of bytes sent. Also 0 when sending fails. <see cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/> then reports
    /// the error.
    /// </returns>
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

    /// <summary>Sends a sequence.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Cancels the wait for room.</param>
    /// <param name="schedule">Schedules the rest of the call after a wait for room; null for the thread pool.</param>
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

    /// <summary>Sends the bytes that could not be sent at once. Waits for the turn and for room in the socket.</summary>
    private async ValueTask WaitAndSendAsync(
        ReadOnlySequence<byte> bytes, bool hasTurn, SocketError error, CancellationToken cancellationToken, Action<Action>? schedule = null)
    {
        // A lease's memory stays readable while it is pinned, even if the lease is released first.
        SequencePin? pin = null;
        // The end of the stream must not close the connection before everything is sent.
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
        Flush();
        _isShutDown = true;
        _turn.Shutdown();
    }

    /// <summary>Gets the descriptor of the socket. Valid while the connection is in a batch.</summary>
    public int Descriptor => socket.Descriptor;

    /// <summary>Gets a value indicating whether a batch has bytes of this connection.</summary>
    public bool IsInBatch => _turn.IsInBatch;

    /// <summary>
    /// Gets a value indicating whether the socket had no room for all bytes of a batch. They are sent when it has room, and the socket must
    /// not be closed in order before.
    /// </summary>
    public bool HasRest => _turn.HasRest;

    /// <summary>Performs the sends of the batch that this connection is in. Without effect on other threads than the ring thread.</summary>
    public void Flush() => connection.Batch?.Flush(this);

    /// <summary>Enters a batch, which sends in place of a caller.</summary>
    /// <returns>False when another send is pending, or the send would fail.</returns>
    public bool TryEnterBatch()
    {
        if (_closed || _isShutDown || !_turn.TryTakeForBatch())
        {
            return false;
        }

        if (_closed)
        {
            // The thread that abandons the ring thread may have closed the sender before the batch had the turn.
            _turn.ReleaseFromBatch();
            return false;
        }

        return true;
    }

    /// <summary>Leaves the batch, which has sent.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="result">The number of bytes that the kernel has taken, or a negative errno.</param>
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
            // A failed send has ended the connection, or the connection was closed before.
        }

        connection.Synchronize();
    }

    /// <summary>Resumes the caller that waits for room: the socket has room or is closed. Thread-safe.</summary>
    public void OnWritable(int result) => _room.Report(result);

    public bool IsClosed => _closed;

    /// <summary>Gets a value indicating whether sending is being shut down, or has been.</summary>
    public bool IsShutDown => _isShutDown;

    /// <summary>Gets a value indicating whether a send is pending.</summary>
    public bool IsBusy => _turn.IsTaken;

    public void Close()
    {
        Flush();
        _closed = true;
        // The peer must not take a stream without the unsent bytes as complete.
        _turn.Drop();
        _room.Close();
        // Only the batch of a ring thread that was abandoned still has bytes. It will not send them.
        _turn.ReleaseFromBatch();
    }

    /// <summary>
    /// Ends the connection after a failed send, unless the application has shut sending down. A shutdown waits for the rest of a batch.
    /// </summary>
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
