using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Loop;

namespace Zcrx.Rx;

/// <summary>One TCP connection whose payload arrives as a stream of borrowed buffers.</summary>
/// <remarks>
/// <para>Receiving starts when somebody subscribes to <see cref="Buffers"/> and pauses when nobody does, so that nothing is lost
/// before anyone listens; TCP slows the sender down meanwhile.</para>
/// <para>Ownership: the connection closes itself once its stream has ended, unless <see cref="CloseWhenEnded"/> is off; until then
/// whoever got it may dispose it at any time. Threading: all members from any thread.</para>
/// </remarks>
public sealed partial class ZcrxConnection : IDisposable
{
    private readonly ConnectionSender _sender;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // The socket, and operators that are not through with what they were given.
    private int _unfinished = 1;
    private int _closeRequested;
    private ConnectionFailure? _failure;
    private volatile bool _pausedByUser;
    private int _holds;
    private long _bytesReceived;
    private volatile bool _closeWhenEnded = true;
    private volatile ReceiveLoop _loop;
    private BufferHolder _holder;
    // On queues that it was moved away from: consumers may still hold buffers of theirs.
    private volatile BufferHolder[] _formerHolders = [];
    // While it is being moved; ends with the move.
    private TaskCompletionSource? _moving;

    internal ZcrxConnection(ReceiveLoop loop, Socket socket, long id, int slot, uint generation)
    {
        _loop = loop;
        Socket = socket;
        Id = id;
        Slot = slot;
        Generation = generation;
        Stream = new BufferStream(this);
        _holder = new ConnectionHolder(this);
        _sender = new ConnectionSender(socket, this);
        RemoteEndPoint = TryGet(static socket => socket.RemoteEndPoint);
        LocalEndPoint = TryGet(static socket => socket.LocalEndPoint);
    }

    /// <summary>A number that no other connection of the process has.</summary>
    public long Id { get; }

    /// <summary>The peer's address, or null when it had gone before it could be asked.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>Our address.</summary>
    public EndPoint? LocalEndPoint { get; }

    /// <summary>
    /// The received bytes, in order, as borrowed buffers with their stream offsets. Completes at the end of the stream; ends with a
    /// <see cref="ZcrxStreamException"/> when the stream breaks. OnNext runs on the ring's thread: be quick there, or hand over a lease.
    /// </summary>
    /// <remarks>
    /// Who unsubscribes in OnNext gets no further buffer; who does so on another thread may be given the one that is being delivered at that
    /// moment. The next observer continues behind it. An operator that ends by itself, such as <c>Take</c>, drops what comes between its end and
    /// the return of <c>Subscribe</c>: where another observer is to follow, <see cref="Pause"/> before subscribing and <see cref="Resume"/> after it.
    /// </remarks>
    public IObservable<ReceivedBuffer> Buffers => Stream;

    /// <summary>Bytes received so far.</summary>
    public long BytesReceived
    {
        get => Volatile.Read(ref _bytesReceived);
        internal set => Volatile.Write(ref _bytesReceived, value);
    }

    /// <summary>Buffers of this connection that consumers hold.</summary>
    public int BuffersHeld => Holder.Held + _formerHolders.Sum(static holder => holder.Held);

    /// <summary>Name of the queue that receives for this connection.</summary>
    public string QueueName => _loop.Name;

    /// <summary>Whether the connection is paused because the pool is under pressure.</summary>
    public bool IsPausedByPressure { get; internal set; }

    /// <summary>Why it receives or does not, at this moment.</summary>
    public ZcrxConnectionState State =>
        HasEnded || CloseRequested || Closed.IsCompleted ? ZcrxConnectionState.Ended
        : Volatile.Read(ref _moving) is not null || IsLeaving || IsStranded ? ZcrxConnectionState.Moving
        : IsPausedByPressure || IsStarved ? ZcrxConnectionState.PausedByPressure
        : IsHeld ? ZcrxConnectionState.Paused
        : Stream.HasObservers ? ZcrxConnectionState.Receiving : ZcrxConnectionState.Unobserved;

    /// <summary>
    /// Whether the socket is closed when the stream has ended. On by default; turn it off to go on sending after the peer's last byte, and on
    /// again (or dispose the connection) to close it after all. A stream that breaks always closes it.
    /// </summary>
    public bool CloseWhenEnded
    {
        get => _closeWhenEnded;
        set
        {
            _closeWhenEnded = value;
            _loop.Synchronize(this);
        }
    }

    /// <summary>Ends when the socket has been closed. Never faults: why a stream ended is what its observers are told.</summary>
    public Task Closed => _closed.Task;

    /// <summary>
    /// Ends when the socket has been closed, and the operators that work off the ring's thread (<c>Process</c>, <c>HandOff</c>, …) have handled what
    /// had come and told the end of the stream, or were disposed; or when the queue has ended. To dispose them earlier is to drop the rest. Never faults.
    /// </summary>
    public Task Finished => _finished.Task;

    internal Socket Socket { get; }

    internal BufferStream Stream { get; }

    internal ReceiveLoop Loop => _loop;

    /// <summary>Stops receiving until <see cref="Resume"/>; what has arrived already is still delivered or kept for later.</summary>
    public void Pause()
    {
        _pausedByUser = true;
        _loop.Synchronize(this);
    }

    /// <summary>Goes on receiving.</summary>
    public void Resume()
    {
        _pausedByUser = false;
        _loop.Synchronize(this);
    }

    /// <summary>
    /// Lets another queue receive for this connection, for instance the one on whose RX queue its packets arrive. Everything that this queue
    /// has received is delivered first, then the other queue goes on: in order, without a gap, and without a word to the observers.
    /// </summary>
    /// <param name="queue">The other queue.</param>
    /// <returns>
    /// True when the connection is on the other queue; false when it ended first. Buffers that its observers have not received yet go along as copies.
    /// </returns>
    /// <remarks>From then on OnNext comes on the other queue's thread, never at the same time as before. Leases stay what they are.</remarks>
    /// <exception cref="InvalidOperationException">It is being moved already.</exception>
    /// <exception cref="ObjectDisposedException">The other queue is closed; the connection stays where it was.</exception>
    public async Task<bool> MoveToAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return await MoveToAsync(queue, null).ConfigureAwait(false) ?? throw new InvalidOperationException($"The {this} is being moved already.");
    }

    /// <summary>As <see cref="MoveToAsync(ZcrxQueue)"/>; null when it is being moved already.</summary>
    internal async Task<bool?> MoveToAsync(ZcrxQueue queue, IMoveWatcher? watcher)
    {
        TaskCompletionSource moving = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _moving, moving, null) is null
            ? await RunMoveAsync(queue, moving, isRescue: false, watcher).ConfigureAwait(false)
            : null;
    }

    /// <summary>Lets another queue receive what this one cannot; does nothing if somebody has moved the connection meanwhile.</summary>
    internal async Task<bool> RescueAsync(ZcrxQueue queue, IMoveWatcher watcher)
    {
        TaskCompletionSource moving = new(TaskCreationOptions.RunContinuationsAsynchronously);
        while (Interlocked.CompareExchange(ref _moving, moving, null) is { } other)
        {
            await other.Task.ConfigureAwait(false);
        }

        return await RunMoveAsync(queue, moving, isRescue: true, watcher).ConfigureAwait(false);
    }

    /// <summary>
    /// Gives the socket back: everything that was received is delivered, then receiving ends for good, with the socket open. Observers get a
    /// <see cref="ZcrxStreamException"/> that says so and where; <see cref="Closed"/> ends.
    /// </summary>
    /// <returns>The socket and where its bytes go on; null when the connection ended first.</returns>
    /// <remarks>Sends that are under way fail: let them end before. Leases stay what they are.</remarks>
    /// <exception cref="InvalidOperationException">It is being moved or detached already.</exception>
    public async Task<DetachedConnection?> DetachAsync()
    {
        TaskCompletionSource moving = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _moving, moving, null) is not null)
        {
            throw new InvalidOperationException($"The {this} is being moved already.");
        }

        try
        {
            ConnectionMove move = _loop.Detach(this);
            return await move.Done.ConfigureAwait(false) ? new DetachedConnection(Socket, BytesReceived, move.Unread) : null;
        }
        finally
        {
            EndMoving(moving);
        }
    }

    /// <summary>Sends bytes to the peer; calls are served one after another.</summary>
    /// <param name="bytes">What to send; must not change until the task has ended. Memory of a lease is kept until then, also when the lease is released.</param>
    /// <param name="cancellationToken">Ends the wait for room. Bytes that were sent by then stay sent.</param>
    /// <returns>A task that ends when the kernel has taken all bytes.</returns>
    /// <exception cref="SocketException">The peer is gone.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => _sender.SendAsync(bytes, cancellationToken);

    /// <summary>Tells the peer that nothing more will be sent; receiving goes on.</summary>
    public void ShutdownSend() => _sender.Shutdown();

    /// <summary>Closes the connection with a reset, so that the peer knows that something went wrong.</summary>
    public void Abort() => RequestClose(abort: true);

    /// <summary>Closes the connection. Observers that still listen get an error, unless the stream had ended.</summary>
    public void Dispose() => RequestClose(abort: false);

    /// <inheritdoc/>
    public override string ToString() => $"connection {Id} from {RemoteEndPoint}";

    /// <summary>An operator has as much as it can take.</summary>
    internal void Hold()
    {
        if (Interlocked.Increment(ref _holds) == 1)
        {
            _loop.Synchronize(this);
        }
    }

    internal void Unhold()
    {
        if (Interlocked.Decrement(ref _holds) == 0)
        {
            _loop.Synchronize(this);
        }
    }

    internal void BeginWork() => Interlocked.Increment(ref _unfinished);

    internal void EndWork()
    {
        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            _finished.TrySetResult();
        }
    }

    internal void OnSubscriptionsChanged() => _loop.Synchronize(this);

    internal void ReportObserverFault(Exception exception) => _loop.ReportFault(this, exception);

    /// <summary>Why the connection was closed on this side; null for an orderly close.</summary>
    internal ConnectionFailure? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether the peer or the network has ended the connection, and not this side. Meaningful once the socket is closed.</summary>
    internal bool IsBroken => EndError is ZcrxStreamException { ErrorNumber: not 0 } || Failure?.Exception is SocketException;

    /// <summary>Why the connection was closed on this side, as a clause.</summary>
    internal string WhyClosed => Failure?.Cause ?? "the connection was closed on our side before the peer had finished";

    /// <summary>The last consumer has failed. Any thread.</summary>
    internal void FailConsumer(Exception exception) =>
        Fail(new ConnectionFailure("its consumer failed", exception), _loop.Options.WhenConsumerFails == ConsumerFailureAction.Reset);

    /// <summary>The connection is of no use any more. The first failure counts. Any thread.</summary>
    internal void Fail(ConnectionFailure failure, bool abort)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        RequestClose(abort);
    }

    internal void RequestClose(bool abort)
    {
        int wanted = abort ? 2 : 1;
        int seen = Volatile.Read(ref _closeRequested);
        while (seen < wanted)
        {
            // A reset may still be asked for after an orderly close, as long as the socket is not closed.
            int before = Interlocked.CompareExchange(ref _closeRequested, wanted, seen);
            if (before == seen)
            {
                _loop.Synchronize(this);
                return;
            }

            seen = before;
        }
    }

    private async Task<bool> RunMoveAsync(ZcrxQueue queue, TaskCompletionSource moving, bool isRescue, IMoveWatcher? watcher)
    {
        try
        {
            return await _loop.MoveAsync(this, queue.Loop, isRescue, watcher).ConfigureAwait(false);
        }
        finally
        {
            EndMoving(moving);
        }
    }

    private void EndMoving(TaskCompletionSource moving)
    {
        Volatile.Write(ref _moving, null);
        moving.SetResult();
    }

    private EndPoint? TryGet(Func<Socket, EndPoint?> get)
    {
        try
        {
            return get(Socket);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
