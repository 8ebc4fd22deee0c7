using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Limits;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the receive state of one connection, and the reasons for which the connection must not receive.</summary>
/// <remarks>
/// Owned by the ring thread of the connection's queue, or by the owner of suspended connections. Requests of other threads go to
/// <see cref="Control"/>. Members that any thread may read are marked.
/// </remarks>
internal sealed class ConnectionReceiver
{
    private long _bytesReceived;
    private int _obstacles;
    private BufferHolder _holder;
    // The lease counters of queues that the connection has left and whose buffers consumers still lease.
    private volatile BufferHolder[] _formerHolders = [];
    private volatile bool _hasUnhandledBytes;
    private volatile bool _isOutgoing;
    private volatile string? _stopCause;
    private bool _isEndedByStop;
    // The stream offset at which the current request began. _requestBudget is the number of bytes that the request may deliver.
    private long _requestStart;
    private uint _requestBudget;
    private StallMachine _stall;
    private SilenceMachine _silence;
    private IPendingMove? _move;
    private object? _handle;

    public ConnectionReceiver(IConnectionHost host, IConnectionSocket socket, long id, int slot, uint generation)
    {
        Socket = socket;
        Id = id;
        Slot = slot;
        Generation = generation;
        Control = new ConnectionControl(this, socket, host);
        Stream = new BufferStream(Control);
        Observers = Stream.Observers;
        _holder = new ConnectionHolder(this);
    }

    public ConnectionControl Control { get; }

    public IConnectionSocket Socket { get; }

    public BufferStream Stream { get; }

    /// <summary>Gets the observers of the stream. Cached here, because delivery reads them for each buffer.</summary>
    public ObserverSet<IObserver<ReceivedBuffer>> Observers { get; }

    /// <summary>Gets the number of the connection, which is unique in the process. Thread-safe.</summary>
    public long Id { get; }

    public int Slot { get; private set; }

    public uint Generation { get; private set; }

    /// <summary>
    /// Returns the public handle of the connection, and creates it on the first call. The handle's type is a parameter, because this
    /// namespace must not depend on the namespace that declares it. Thread-safe.
    /// </summary>
    public T HandleAs<T>(Func<ConnectionReceiver, T> create)
        where T : class => (T)(Volatile.Read(ref _handle) ?? Interlocked.CompareExchange(ref _handle, create(this), null) ?? _handle);

    /// <summary>Gets or sets the number of bytes received so far. Any thread may read it.</summary>
    public long BytesReceived
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _bytesReceived);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set => Volatile.Write(ref _bytesReceived, value);
    }

    /// <summary>Gets the object that counts the buffers of the current queue that consumers lease.</summary>
    public BufferHolder Holder => _holder;

    /// <summary>Gets the number of buffers of all queues that consumers lease. Thread-safe.</summary>
    public int BuffersLeased => _holder.Leased + _formerHolders.Sum(static holder => holder.Leased);

    /// <summary>Gets the state of the receive request.</summary>
    public ReceiveState State { get; private set; }

    /// <summary>Gets all reasons for which the connection must not receive now. Thread-safe.</summary>
    public ReceiveObstacles Obstacles =>
        (ReceiveObstacles)Volatile.Read(ref _obstacles)
        | (Stream.HasObservers ? ReceiveObstacles.None : ReceiveObstacles.Unobserved)
        | (Control.IsPaused ? ReceiveObstacles.Paused : ReceiveObstacles.None)
        | (Control.CloseRequested ? ReceiveObstacles.Closing : ReceiveObstacles.None);

    /// <summary>Gets a value indicating whether the kernel should have a receive for this connection.</summary>
    public bool WantsReceive => Obstacles == ReceiveObstacles.None;

    /// <summary>
    /// Gets a value indicating whether a lack of buffers is the only possible reason for which the connection does not receive.
    /// </summary>
    public bool IsWanted => (Obstacles & ~ReceiveObstacles.Pool) == ReceiveObstacles.None;

    /// <summary>Gets a value indicating whether the kernel has a receive request of the connection.</summary>
    public bool HasRequest => State is ReceiveState.Armed or ReceiveState.Cancelling;

    public bool HasEnded => Has(ReceiveObstacles.Ended);

    /// <summary>Gets a value indicating whether the connection is being moved, detached or suspended.</summary>
    public bool IsLeaving => Has(ReceiveObstacles.Leaving | ReceiveObstacles.Moving);

    /// <summary>Gets the error with which the stream ends; null for an orderly end.</summary>
    public ZcrxStreamException? EndError { get; private set; }

    /// <summary>
    /// Gets a value indicating whether an error of the socket ended the connection. Any thread may read it once the socket is closed.
    /// </summary>
    public bool IsBroken => EndError is { ErrorNumber: not 0 } || Control.Failure?.Exception is SocketException;

    /// <summary>Gets the buffers that no observer has received yet.</summary>
    public UndeliveredBuffers Undelivered { get; } = new();

    /// <summary>Gets the consumers that keep the rest of a buffer because the connection was paused while they processed it.</summary>
    public PostponedConsumers Postponed { get; } = new();

    /// <summary>Gets the operators that may queue items of this connection. Thread-safe.</summary>
    public BoundedQueues Queues { get; } = new();

    /// <summary>Gets a value indicating whether received bytes wait for a consumer.</summary>
    public bool HasWaiting => Undelivered.Count > 0 || Postponed.IsAny;

    /// <summary>Gets the number of received bytes that wait for a consumer. Thread-safe.</summary>
    public long BytesWaiting => Undelivered.Bytes + Postponed.BytesWaiting;

    /// <summary>Gets a value indicating whether consumers still use received bytes, through unfinished work, leases or a hold.</summary>
    public bool HasUnfinishedWork => Control.Work.IsAny || Control.IsHeld || BuffersLeased > 0;

    /// <summary>
    /// Gets or sets a value indicating whether a consumer has dropped received bytes because the stream ended with an error. These bytes
    /// were never handled. Thread-safe.
    /// </summary>
    public bool HasUnhandledBytes { get => _hasUnhandledBytes; set => _hasUnhandledBytes = value; }

    /// <summary>Gets the stream offset up to which observers have received.</summary>
    public long Delivered => Undelivered.Position(BytesReceived);

    /// <summary>
    /// Gets the stream offset up to which every consumer has processed the bytes. It is lower than <see cref="Delivered"/> while a consumer
    /// of frames keeps the rest of a buffer.
    /// </summary>
    public long Passed => Delivered - Postponed.MostWaiting();

    /// <summary>
    /// Gets or sets a value indicating whether the ring thread failed while it delivered a buffer. It is then uncertain which bytes the
    /// observers have received.
    /// </summary>
    public bool WasInterrupted { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether a poll for the end of the connection is armed. It replaces the receive, which would
    /// otherwise report the end.
    /// </summary>
    public bool IsHangUpWatched { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the application attached the socket. Such a connection has no observer at first.
    /// </summary>
    public bool IsAttached { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether this process opened the connection, so that the peer is a server. Thread-safe.
    /// </summary>
    public bool IsOutgoing { get => _isOutgoing; set => _isOutgoing = value; }

    /// <summary>Gets a value indicating whether an attached connection still waits for its first observer. Ring thread only.</summary>
    public bool AwaitsFirstObserver => IsAttached && !Stream.WasObserved;

    /// <summary>Gets or sets a value indicating whether the peer has ended its side. The socket may still contain unread bytes.</summary>
    public bool HasPeerEnded { get; set; }

    /// <summary>Gets or sets a value indicating whether a poll for room in the socket is armed.</summary>
    public bool IsAwaitingRoom { get; set; }

    /// <summary>Gets or sets the time at which the connection was first found without an observer; null while it has one.</summary>
    public long? UnobservedSince { get; set; }

    /// <summary>
    /// Gets or sets since when an orderly close waits for a peer that reads nothing, and the number of unacknowledged bytes then; null
    /// while no close waits.
    /// </summary>
    public (long Since, int Unacknowledged)? CloseWait { get; set; }

    /// <summary>Gets the number of the last turn in which the connection received bytes.</summary>
    public long Turn { get; private set; }

    public bool HasReceivedBefore { get; private set; }

    /// <summary>Gets the state of the checks for a stalled receive.</summary>
    public ref StallMachine Stall => ref _stall;

    /// <summary>Gets the state of the checks for silence.</summary>
    public ref SilenceMachine Silence => ref _silence;

    /// <summary>Gets or sets the limits of the listener that accepted the connection; null if no listener did.</summary>
    public ListenerGate? Gate { get; set; }

    /// <summary>Gets a value indicating whether the current request has delivered its whole budget.</summary>
    public bool IsBudgetUsedUp => _bytesReceived - _requestStart >= _requestBudget;

    /// <summary>Gets the number of bytes that the current request may still deliver.</summary>
    public long BudgetLeft => _requestStart + _requestBudget - _bytesReceived;

    public ulong ReceiveTag => Tag(RequestKind.Receive);

    /// <summary>Determines whether any of these obstacles is set. Covers only obstacles that the ring thread sets.</summary>
    public bool Has(ReceiveObstacles obstacles) => (Volatile.Read(ref _obstacles) & (int)obstacles) != 0;

    public void Set(ReceiveObstacles obstacle) => Volatile.Write(ref _obstacles, _obstacles | (int)obstacle);

    public void Clear(ReceiveObstacles obstacle) => Volatile.Write(ref _obstacles, _obstacles & ~(int)obstacle);

    public ulong Tag(RequestKind kind) => new UserData(kind, Generation, Slot).Encode();

    /// <summary>Records that a receive is queued and must be issued in this turn.</summary>
    public void Enqueue() => State = ReceiveState.Queued;

    /// <summary>Records that a receive with this budget in bytes was issued.</summary>
    public void Arm(uint budget)
    {
        _requestStart = _bytesReceived;
        _requestBudget = budget;
        HasReceivedBefore = true;
        State = ReceiveState.Armed;
    }

    /// <summary>Records that the receive is being cancelled.</summary>
    public void Cancel() => State = ReceiveState.Cancelling;

    /// <summary>Records that the kernel has no receive and none is queued.</summary>
    public void Disarm() => State = ReceiveState.Idle;

    /// <summary>
    /// Gets the cause for which a stopping queue closes the connection once its work has ended; null if no queue stops. Thread-safe.
    /// </summary>
    public string? StopCause => _stopCause;

    /// <summary>Ends the stream. Observers still receive the bytes that have arrived.</summary>
    public void End(ZcrxStreamException? error = null)
    {
        EndError = error ?? EndError;
        _isEndedByStop = false;
        Set(ReceiveObstacles.Ended);
    }

    /// <summary>
    /// Returns the error that broke the connection when its receive returned 0; null if the peer ended the stream in order.
    /// </summary>
    /// <remarks>
    /// A receive returns 0 at the end of a stream, but also on some broken connections. The kernel reports a socket error such as ETIMEDOUT
    /// only once, so after a send has taken it, a receive returns 0. A reset after the peer's end of stream leaves EPIPE pending, and the
    /// receive returns 0 as well.
    /// </remarks>
    public ZcrxStreamException? LostEnd()
    {
        // A send of the batched bytes takes a pending error, so it must happen first.
        Control.Sender.Flush();
        // Read before TakenError, because a send first records its error and then ends.
        bool isSending = Control.Sender.IsBusy && !Control.Sender.IsShutDown && Socket.IsDisconnected;
        if (Control.Sender.TakenError is var error and not SocketError.Success)
        {
            SocketException exception = new((int)error);
            return new ZcrxStreamException($"Receiving on {this}", exception.NativeErrorCode, BytesReceived, $"sending failed: {exception.Message}", "", exception);
        }

        // If no error is pending, a running send has taken the error but has not recorded it yet, so the cause is unknown. EPIPE may be
        // taken here, because a waiting send fails with EPIPE anyway.
        return (isSending ? Socket.TakeError() : Errno.EPIPE) switch
        {
            Errno.EPIPE => null,
            0 => new ZcrxStreamException($"Receiving on {this}", Errno.ECONNRESET, BytesReceived, "the connection broke while bytes were sent", ""),
            int pending => new ZcrxStreamException($"Receiving on {this}", pending, BytesReceived, ErrnoText.Describe(pending), ""),
        };
    }

    /// <summary>
    /// Records that the queue stops. From now on the connection closes in order only when no work is left, even if its stream has ended.
    /// </summary>
    /// <param name="cause">The cause, as a clause.</param>
    public void BeginStop(string cause) => _stopCause ??= cause;

    /// <summary>
    /// Ends the stream because the queue stops. The socket stays open, so that consumers can finish their work and reply.
    /// </summary>
    /// <param name="cause">The cause, as a clause.</param>
    public void StopReceiving(string cause)
    {
        BeginStop(cause);
        if (!HasEnded)
        {
            _isEndedByStop = true;
            Set(ReceiveObstacles.Ended);
        }
    }

    /// <summary>Returns the error that ends the stream after all received bytes were delivered; null for an orderly end.</summary>
    public ZcrxStreamException? EndOfStream() =>
        EndError ?? (_isEndedByStop ? new ZcrxStreamException($"Receiving on {this}", 0, BytesReceived, StopCause!, "") : null);

    /// <summary>Ends the stream for its observers. Only the owner of the connection may call this.</summary>
    /// <param name="error">The error; null if the observers have received all bytes.</param>
    public void EndStream(Exception? error)
    {
        Stream.End(error);
        if (error is not null)
        {
            Postponed.Abandon(error);
        }
    }

    /// <summary>Gets the move or detachment that is in progress; null for none.</summary>
    public IPendingMove? Move => _move;

    public void BeginMove(IPendingMove move)
    {
        _move = move;
        Set(ReceiveObstacles.Moving);
    }

    public void EndMove()
    {
        _move = null;
        Clear(ReceiveObstacles.Moving);
    }

    /// <summary>Binds the connection to another queue. Called on the ring thread of that queue.</summary>
    public void Rebind(IConnectionHost host, int slot, uint generation)
    {
        if (host != Control.Host)
        {
            // Each queue needs its own counter, because its ring thread counts leases without a lock.
            _formerHolders = [.. _formerHolders.Where(static holder => holder.Leased > 0), _holder];
            _holder = new ConnectionHolder(this);
            _stopCause = null;
        }

        Slot = slot;
        Generation = generation;
        // The old turn number is reset, because each ring numbers its own turns.
        Turn = 0;
        UnobservedSince = null;
        CloseWait = null;
        Control.Host = host;
    }

    /// <summary>Records that the connection receives bytes in a turn.</summary>
    /// <returns>False when the connection has already received in that turn.</returns>
    public bool TryEnterTurn(long turn)
    {
        if (Turn == turn)
        {
            return false;
        }

        Turn = turn;
        return true;
    }

    /// <summary>Releases the buffers that no observer has received yet.</summary>
    /// <returns>The stream offset up to which every consumer has processed the bytes.</returns>
    public long DropUndelivered()
    {
        long delivered = Passed;
        Undelivered.Clear();
        return delivered;
    }

    /// <inheritdoc/>
    public override string ToString() => $"connection {Id} from {Socket.RemoteEndPoint}";
}
