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

/// <summary>Holds the state of one connection's receive, and the reasons for which the connection must not receive.</summary>
/// <remarks>
/// Owned by the ring thread of the connection's queue, or by the owner of suspended connections. Requests of other threads are in
/// <see cref="Control"/>. A member that any thread may read says so.
/// </remarks>
internal sealed class ConnectionReceiver
{
    private long _bytesReceived;
    private int _obstacles;
    private BufferHolder _holder;
    // The holders of queues that the connection has left, while consumers lease buffers of these queues.
    private volatile BufferHolder[] _formerHolders = [];
    private volatile bool _hasUnhandledBytes;
    // The position at which the current request began, and the number of bytes that the request may deliver.
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

    /// <summary>Gets the observers of the stream. They are cached here, because they are read for each buffer.</summary>
    public ObserverSet<IObserver<ReceivedBuffer>> Observers { get; }

    /// <summary>Gets a number that is unique in the process. Thread-safe.</summary>
    public long Id { get; }

    public int Slot { get; private set; }

    public uint Generation { get; private set; }

    /// <summary>
    /// Returns the public handle, which is created once. The type of the handle is a parameter, because this folder must not depend on the
    /// folder that declares it. Thread-safe.
    /// </summary>
    public T HandleAs<T>(Func<ConnectionReceiver, T> create)
        where T : class => (T)(Volatile.Read(ref _handle) ?? Interlocked.CompareExchange(ref _handle, create(this), null) ?? _handle);

    /// <summary>Gets or sets the bytes received so far. Any thread may read.</summary>
    public long BytesReceived
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _bytesReceived);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set => Volatile.Write(ref _bytesReceived, value);
    }

    /// <summary>Gets the holder that counts the buffers that consumers lease on the current queue.</summary>
    public BufferHolder Holder => _holder;

    /// <summary>Gets the number of buffers that consumers lease, on all queues. Thread-safe.</summary>
    public int BuffersLeased => _holder.Leased + _formerHolders.Sum(static holder => holder.Leased);

    /// <summary>Gets the state of the receive request.</summary>
    public ReceiveState State { get; private set; }

    /// <summary>Gets every reason for which the connection must not receive now. Thread-safe.</summary>
    public ReceiveObstacles Obstacles =>
        (ReceiveObstacles)Volatile.Read(ref _obstacles)
        | (Stream.HasObservers ? ReceiveObstacles.None : ReceiveObstacles.Unobserved)
        | (Control.IsPaused ? ReceiveObstacles.Paused : ReceiveObstacles.None)
        | (Control.CloseRequested ? ReceiveObstacles.Closing : ReceiveObstacles.None);

    /// <summary>Gets a value indicating whether the kernel should have a receive for this connection.</summary>
    public bool WantsReceive => Obstacles == ReceiveObstacles.None;

    /// <summary>Gets a value indicating whether the connection would receive if the pool had buffers for it.</summary>
    public bool IsWanted => (Obstacles & ~ReceiveObstacles.Pool) == ReceiveObstacles.None;

    /// <summary>Gets a value indicating whether the kernel has a request.</summary>
    public bool HasRequest => State is ReceiveState.Armed or ReceiveState.Cancelling;

    public bool HasEnded => Has(ReceiveObstacles.Ended);

    /// <summary>Gets a value indicating whether the connection is leaving this queue.</summary>
    public bool IsLeaving => Has(ReceiveObstacles.Leaving | ReceiveObstacles.Moving);

    /// <summary>Gets the error with which the stream ends; null for an orderly end.</summary>
    public ZcrxStreamException? EndError { get; private set; }

    /// <summary>
    /// Gets a value indicating whether the peer or the network has ended the connection. Any thread may read it once the socket is closed.
    /// </summary>
    public bool IsBroken => EndError is { ErrorNumber: not 0 } || Control.Failure?.Exception is SocketException;

    /// <summary>Gets the buffers that no observer has received yet.</summary>
    public UndeliveredBuffers Undelivered { get; } = new();

    /// <summary>
    /// Gets the consumers that keep the rest of a buffer, because the connection was paused while they processed the buffer.
    /// </summary>
    public PostponedConsumers Postponed { get; } = new();

    /// <summary>Gets the operators in which items of this connection may wait. Thread-safe.</summary>
    public BoundedQueues Queues { get; } = new();

    /// <summary>Gets a value indicating whether received bytes wait for a consumer.</summary>
    public bool HasWaiting => Undelivered.Count > 0 || Postponed.IsAny;

    /// <summary>Gets the number of received bytes that wait for a consumer. Thread-safe.</summary>
    public long BytesWaiting => Undelivered.Bytes + Postponed.BytesWaiting;

    /// <summary>Gets a value indicating whether consumers still use received bytes: unfinished work, leases, or a hold.</summary>
    public bool HasUnfinishedWork => Control.Work.IsAny || Control.IsHeld || BuffersLeased > 0;

    /// <summary>
    /// Gets or sets a value indicating whether a consumer has dropped received bytes because the stream ended with an error. The bytes
    /// belong to an unfinished frame, or the consumer has not read them. Thread-safe.
    /// </summary>
    public bool HasUnhandledBytes { get => _hasUnhandledBytes; set => _hasUnhandledBytes = value; }

    /// <summary>Gets the stream offset up to which observers have received.</summary>
    public long Delivered => Undelivered.Position(BytesReceived);

    /// <summary>
    /// Gets the stream offset up to which bytes have passed all consumers. A consumer of frames may hold bytes of a buffer that it has
    /// received and has not passed on.
    /// </summary>
    public long Passed => Delivered - Postponed.MostWaiting();

    /// <summary>
    /// Gets or sets a value indicating whether the ring thread failed while it delivered a buffer, so that the position of the observers is
    /// uncertain.
    /// </summary>
    public bool WasInterrupted { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether a poll for the end of the connection is armed while no receive is.
    /// </summary>
    public bool IsHangUpWatched { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the application attached the connection, so that it has no consumer at first.
    /// </summary>
    public bool IsAttached { get; set; }

    /// <summary>Gets a value indicating whether an attached connection still waits for its first observer. Ring thread only.</summary>
    public bool AwaitsFirstObserver => IsAttached && !Stream.WasObserved;

    /// <summary>Gets or sets a value indicating whether the peer has ended its side. Bytes may still wait in the socket.</summary>
    public bool HasPeerEnded { get; set; }

    /// <summary>Gets or sets a value indicating whether a poll for room in the socket is armed.</summary>
    public bool IsAwaitingRoom { get; set; }

    /// <summary>Gets or sets the time at which the connection was first found without an observer; null while it has one.</summary>
    public long? UnobservedSince { get; set; }

    /// <summary>
    /// Gets or sets since when an orderly close waits for the rest of a batch while the peer reads nothing, and how many bytes the peer had not
    /// acknowledged then; null while no close waits.
    /// </summary>
    public (long Since, int Unacknowledged)? CloseWait { get; set; }

    /// <summary>Gets the last turn in which the connection received.</summary>
    public long Turn { get; private set; }

    public bool HasReceivedBefore { get; private set; }

    /// <summary>Gets the result of the last check for a stall.</summary>
    public ref StallMachine Stall => ref _stall;

    /// <summary>Gets the result of the last check for silence.</summary>
    public ref SilenceMachine Silence => ref _silence;

    /// <summary>Gets or sets the limits of the listener that accepted the connection; null for none.</summary>
    public ListenerGate? Gate { get; set; }

    /// <summary>Gets a value indicating whether the current request has delivered its whole budget.</summary>
    public bool IsBudgetUsedUp => _bytesReceived - _requestStart >= _requestBudget;

    /// <summary>Gets the number of bytes that the current request may still deliver.</summary>
    public long BudgetLeft => _requestStart + _requestBudget - _bytesReceived;

    public ulong ReceiveTag => Tag(RequestKind.Receive);

    /// <summary>Determines whether the ring thread has set one of these obstacles.</summary>
    public bool Has(ReceiveObstacles obstacles) => (Volatile.Read(ref _obstacles) & (int)obstacles) != 0;

    public void Set(ReceiveObstacles obstacle) => Volatile.Write(ref _obstacles, _obstacles | (int)obstacle);

    public void Clear(ReceiveObstacles obstacle) => Volatile.Write(ref _obstacles, _obstacles & ~(int)obstacle);

    public ulong Tag(RequestKind kind) => new UserData(kind, Generation, Slot).Encode();

    /// <summary>Records that a request is to be issued in this turn.</summary>
    public void Enqueue() => State = ReceiveState.Queued;

    /// <summary>Records a request with a budget.</summary>
    public void Arm(uint budget)
    {
        _requestStart = _bytesReceived;
        _requestBudget = budget;
        HasReceivedBefore = true;
        State = ReceiveState.Armed;
    }

    /// <summary>Records that the request is being cancelled.</summary>
    public void Cancel() => State = ReceiveState.Cancelling;

    /// <summary>Records that there is no request and none is to be issued.</summary>
    public void Disarm() => State = ReceiveState.Idle;

    /// <summary>
    /// Gets why the queue has ended the stream while the connection stays open for its consumers; null if the queue
    /// has not ended it.
    /// </summary>
    public string? StopCause { get; private set; }

    /// <summary>Ends the stream. Bytes that were received are still delivered.</summary>
    public void End(ZcrxStreamException? error = null)
    {
        EndError = error ?? EndError;
        StopCause = null;
        Set(ReceiveObstacles.Ended);
    }

    /// <summary>
    /// Returns the error of a broken connection whose receive returns 0, as at the end of a stream; null if the peer has ended the stream.
    /// </summary>
    /// <remarks>
    /// The kernel reports the error of a socket only once, for example ETIMEDOUT of a peer that has vanished. If a send has received it, a
    /// receive returns 0. A receive also returns 0 if the peer had ended its stream before a reset. The error then stays pending. It is
    /// EPIPE, because this side can no longer send.
    /// </remarks>
    public ZcrxStreamException? LostEnd()
    {
        // A send in the batch would receive the error, if there is one.
        Control.Sender.Flush();
        // Read before the error, because a send records the error before it ends.
        bool isSending = Control.Sender.IsBusy && !Control.Sender.IsShutDown && Socket.IsDisconnected;
        if (Control.Sender.TakenError is var error and not SocketError.Success)
        {
            SocketException exception = new((int)error);
            return new ZcrxStreamException($"Receiving on {this}", exception.NativeErrorCode, BytesReceived, $"sending failed: {exception.Message}", "", exception);
        }

        // If no error is pending, the send has taken it but has not returned yet, so the error is not known here. If this call takes EPIPE
        // while a send waits for room, the send still fails with EPIPE.
        return (isSending ? Socket.TakeError() : Errno.EPIPE) switch
        {
            Errno.EPIPE => null,
            0 => new ZcrxStreamException($"Receiving on {this}", Errno.ECONNRESET, BytesReceived, "the connection broke while bytes were sent", ""),
            int pending => new ZcrxStreamException($"Receiving on {this}", pending, BytesReceived, ErrnoText.Describe(pending), ""),
        };
    }

    /// <summary>Ends the stream for a queue that stops. The socket stays open, so that consumers can finish and reply.</summary>
    /// <param name="cause">The cause, as a clause.</param>
    public void StopReceiving(string cause)
    {
        if (!HasEnded)
        {
            StopCause = cause;
            Set(ReceiveObstacles.Ended);
        }
    }

    /// <summary>Returns the error that ends the stream; null for an orderly end. Everything that was received has been delivered.</summary>
    public ZcrxStreamException? EndOfStream() =>
        EndError ?? (StopCause is null ? null : new ZcrxStreamException($"Receiving on {this}", 0, BytesReceived, StopCause, ""));

    /// <summary>Ends the stream for its observers. Called only by the owner of the connection.</summary>
    /// <param name="error">The error; null if all bytes were delivered.</param>
    public void EndStream(Exception? error)
    {
        Stream.End(error);
        if (error is not null)
        {
            Postponed.Abandon(error);
        }
    }

    /// <summary>Gets the current move; null for none.</summary>
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
            // Each queue has its own holder, because its ring thread counts leased buffers without a lock.
            _formerHolders = [.. _formerHolders.Where(static holder => holder.Leased > 0), _holder];
            _holder = new ConnectionHolder(this);
        }

        Slot = slot;
        Generation = generation;
        // Each ring counts its own turns.
        Turn = 0;
        UnobservedSince = null;
        CloseWait = null;
        Control.Host = host;
    }

    /// <summary>Records that the connection receives in a turn.</summary>
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

    /// <summary>Releases the buffers that no observer has received.</summary>
    /// <returns>The stream offset up to which observers have received.</returns>
    public long DropUndelivered()
    {
        long delivered = Passed;
        Undelivered.Clear();
        return delivered;
    }

    /// <inheritdoc/>
    public override string ToString() => $"connection {Id} from {Socket.RemoteEndPoint}";
}
