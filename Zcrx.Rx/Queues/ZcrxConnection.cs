using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx;

/// <summary>Represents one TCP connection whose payload arrives as a stream of borrowed buffers.</summary>
/// <remarks>
/// <para>Receiving starts with the first subscription to <see cref="Buffers"/>. It pauses while there is no subscription. No bytes are lost
/// in the meantime, because TCP makes the sender wait.</para>
/// <para>Ownership: the connection closes once its stream has ended and its consumers have finished, unless <see cref="CloseMode"/> says
/// otherwise. Its owner may dispose it earlier. Threading: all members are thread-safe.</para>
/// </remarks>
public sealed class ZcrxConnection : IDisposable
{
    private readonly ConnectionReceiver _receiver;
    private readonly ConnectionControl _control;
    private readonly ConnectionSocket _socket;
    private readonly MoveGate _moves = new();

    private ZcrxConnection(ConnectionReceiver receiver)
    {
        _receiver = receiver;
        _control = receiver.Control;
        // Every connection of a queue has a real socket. Only tests of lower layers use a fake one.
        _socket = (ConnectionSocket)receiver.Socket;
    }

    /// <summary>Gets the connection's id, which is unique in the process.</summary>
    public long Id => _receiver.Id;

    /// <summary>
    /// Gets the peer's address; null when the peer disconnected before the address could be read. The address of an IPv4 peer is an IPv4
    /// address, even on a socket that also serves IPv6.
    /// </summary>
    public IPEndPoint? RemoteEndPoint => _socket.RemoteEndPoint;

    /// <summary>Gets the local address, in the same form as <see cref="RemoteEndPoint"/>.</summary>
    public IPEndPoint? LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>
    /// Gets or sets a value indicating whether small sends leave at once (<c>TCP_NODELAY</c>). If false, the kernel delays a small send
    /// until more bytes follow or the peer acknowledges earlier bytes.
    /// </summary>
    /// <remarks>
    /// True by default for connections of <c>ConnectAsync</c>. For accepted connections, <see cref="ZcrxListenOptions.NoDelay"/> sets it,
    /// which is true by default. After the connection has closed, the value is false and setting it has no effect.
    /// </remarks>
    public bool NoDelay
    {
        get => _socket.NoDelay;
        set => _socket.NoDelay = value;
    }

    /// <summary>
    /// Gets the received bytes, in order, as borrowed buffers with their stream offsets. Completes at the end of the stream, or fails with
    /// a <see cref="ZcrxStreamException"/> when the stream breaks. OnNext runs on the ring thread, so return from it quickly, or lease the
    /// buffer and continue on another thread.
    /// </summary>
    /// <remarks>
    /// <para>An observer that unsubscribes inside OnNext receives no further buffers. An observer that unsubscribes on another thread may
    /// still receive the buffer that is being delivered. The next observer continues after that buffer.</para>
    /// <para>An operator such as <c>Take</c> may complete before <c>Subscribe</c> has returned. Buffers that arrive until
    /// <c>Subscribe</c> returns are then dropped. If another observer is to continue without a gap, call <see cref="Pause"/> before
    /// subscribing and <see cref="Resume"/> afterwards.</para>
    /// </remarks>
    public IObservable<ReceivedBuffer> Buffers => _receiver.Stream;

    /// <summary>Gets the number of bytes received so far.</summary>
    public long BytesReceived => _receiver.BytesReceived;

    /// <summary>Gets the number of buffers of this connection that consumers lease.</summary>
    public int BuffersLeased => _receiver.BuffersLeased;

    /// <summary>
    /// Gets the number of received bytes that wait, because a consumer has reached its bound or no consumer is subscribed.
    /// </summary>
    public long BytesWaiting => _receiver.BytesWaiting;

    /// <summary>Gets the name of the queue that currently receives for this connection.</summary>
    public string QueueName => _control.Host.Name;

    /// <summary>Gets a value indicating whether the connection is paused because the pool is under pressure.</summary>
    public bool IsPausedByPressure => _receiver.Has(ReceiveObstacles.Pressure);

    /// <summary>Gets whether the connection is receiving now, and the reason if it is not.</summary>
    public ZcrxConnectionState State
    {
        get
        {
            ReceiveObstacles obstacles = _receiver.Obstacles;
            bool Has(ReceiveObstacles any) => (obstacles & any) != ReceiveObstacles.None;
            return Has(ReceiveObstacles.Ended | ReceiveObstacles.Closing) || Closed.IsCompleted ? ZcrxConnectionState.Ended
                : _moves.IsMoving || Has(ReceiveObstacles.Leaving | ReceiveObstacles.Stranded) ? ZcrxConnectionState.Moving
                : Has(ReceiveObstacles.Pool) ? ZcrxConnectionState.PausedByPressure
                : Has(ReceiveObstacles.Paused) ? ZcrxConnectionState.Paused
                : Has(ReceiveObstacles.Unobserved) ? ZcrxConnectionState.Unobserved : ZcrxConnectionState.Receiving;
        }
    }

    /// <summary>
    /// Gets or sets when the connection closes after its stream has ended normally. The default is <see cref="CloseMode.AfterConsumers"/>.
    /// </summary>
    /// <remarks>
    /// If the stream has already ended, a new mode takes effect at once and may close the connection. A stream that breaks closes the
    /// connection in every mode.
    /// </remarks>
    public CloseMode CloseMode
    {
        get => _control.CloseMode;
        set => _control.CloseMode = value;
    }

    /// <summary>
    /// Gets a task that completes when the socket has been closed or detached. It never faults. The reason is reported to the observers of
    /// the stream.
    /// </summary>
    public Task Closed => _control.Closed;

    /// <summary>
    /// Gets a token that is cancelled when the socket has been closed or detached. Callbacks of the token run on the thread pool.
    /// </summary>
    /// <remarks>
    /// By default a connection whose stream has ended stays open while work on it is unfinished. The end of the stream therefore does not
    /// interrupt a reply.
    /// </remarks>
    public CancellationToken ConnectionClosed => _control.ClosedToken;

    /// <summary>
    /// Gets a task that completes when the socket has been closed and all work has ended, or when the queue has ended. Never faults. An
    /// operator off the ring thread, such as <c>Process</c>, is at work until it is disposed or has reported the end of the stream.
    /// </summary>
    public Task Finished => _control.Work.Finished;

    internal Socket Socket => _socket.Socket;

    internal ConnectionReceiver Receiver => _receiver;

    internal ReceiveState ReceiveState => _receiver.State;

    internal BufferStream Stream => _receiver.Stream;

    /// <summary>Gets the queue that owns the connection.</summary>
    internal ConnectionHost Host => (ConnectionHost)_control.Host;

    /// <summary>
    /// Stops receiving until <see cref="Resume"/> is called. Bytes that have already arrived are delivered, or kept until then.
    /// </summary>
    public void Pause() => _control.Pause();

    /// <summary>Resumes receiving after <see cref="Pause"/>.</summary>
    public void Resume() => _control.Resume();

    /// <summary>
    /// Pauses receiving as <see cref="Pause"/> does, but counts the calls. The connection stays paused until every returned object is
    /// disposed.
    /// </summary>
    /// <returns>An object that ends this pause when it is disposed. Further disposals have no effect.</returns>
    /// <remarks>
    /// After a call inside <c>OnNext</c>, the observer receives no further buffers, not even those that the kernel has already delivered.
    /// After a call on another thread, one more buffer may be delivered. Disposing the object does not end a pause that
    /// <see cref="Pause"/> or an operator has begun.
    /// </remarks>
    public IDisposable Hold()
    {
        _control.PauseForConsumer();
        return new CountedUse(_control.ResumeForConsumer);
    }

    /// <summary>
    /// Keeps the connection open after the end of its stream until the returned object is disposed. A queue that stops waits for this work
    /// as well.
    /// </summary>
    /// <returns>An object that ends the work when it is disposed. Further disposals have no effect.</returns>
    /// <remarks>
    /// <para>Operators off the ring thread, pipe readers and asynchronous handlers do this themselves. Call this method for other work,
    /// such as a queue of the application, or a request to another service whose answer is sent to the peer.</para>
    /// <para>A connection closes despite unfinished work if it breaks, if it is disposed, or if its asynchronous handler returns. It also
    /// closes at the end of its stream if its <see cref="CloseMode"/> is <see cref="CloseMode.AtEndOfStream"/>. While its queue stops,
    /// neither the return of the handler nor the end of the stream closes it.</para>
    /// </remarks>
    public IDisposable BeginWork()
    {
        _control.Work.Begin();
        return new CountedUse(_control.Work.End);
    }

    /// <summary>Begins work that also needs the stream while the queue stops.</summary>
    /// <returns>An object that ends the work when it is disposed. Further disposals have no effect.</returns>
    internal IDisposable BeginRelay()
    {
        _control.Work.BeginRelay();
        return new CountedUse(_control.Work.EndRelay);
    }

    /// <summary>
    /// Runs an asynchronous handler for this connection on the thread pool. The connection closes when the handler's task ends.
    /// </summary>
    /// <param name="handler">The handler. Its token is <see cref="ConnectionClosed"/>.</param>
    /// <returns>A task that completes when the handler has ended. It never faults.</returns>
    /// <remarks>
    /// <para>If the handler throws, <see cref="ZcrxQueueOptions.WhenConsumerFails"/> determines how the connection ends, by default with a
    /// reset. The exception is reported once, through <see cref="ZcrxQueue.ConsumerFaults"/>. Exceptions that only follow from the end
    /// of the connection are not reported. Such are its stream error, a failed send and the cancellation of the token.</para>
    /// <para>The handler owns the connection. When it returns, the connection closes even if other work is unfinished, so await that work
    /// in the handler. While the queue stops, the connection stays open until that work has ended.</para>
    /// <para>The handler counts as work, see <see cref="BeginWork"/>. A queue that stops delivers the bytes that have arrived, ends the
    /// stream with a <see cref="ZcrxStreamException"/>, and then waits for the handler.</para>
    /// </remarks>
    public Task HandleAsync(Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return new HandlerRun(this, _control).RunAsync(handler);
    }

    /// <summary>
    /// Moves this connection to another queue, for instance to the queue that owns the RX queue on which its packets arrive. This queue
    /// first delivers everything that it has received. The other queue then continues at the same stream offset.
    /// </summary>
    /// <param name="queue">The queue that receives from then on.</param>
    /// <returns>True when the connection is on the other queue; false when it ended before.</returns>
    /// <remarks>
    /// The observers stay subscribed. After the move, OnNext runs on the other queue's thread, and calls never overlap. Undelivered buffers
    /// move as copies, and leases stay valid.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The connection is already being moved or detached.</exception>
    /// <exception cref="ObjectDisposedException">The other queue is closed. The connection stays on this queue.</exception>
    public async Task<bool> MoveToAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return await MoveToAsync(queue, null).ConfigureAwait(false) ?? throw new InvalidOperationException($"The {this} is already being moved.");
    }

    /// <summary>
    /// Moves the connection as <see cref="MoveToAsync(ZcrxQueue)"/> does. Returns null when the connection is already being moved or
    /// detached.
    /// </summary>
    internal async Task<bool?> MoveToAsync(ZcrxQueue queue, IMoveWatcher? watcher) =>
        _moves.TryEnter() ? await RunMoveAsync(queue, isRescue: false, watcher).ConfigureAwait(false) : null;

    /// <summary>
    /// Moves a stranded connection to a queue that may be able to receive its next bytes. Does nothing if it has already moved.
    /// </summary>
    internal async Task<bool> RescueAsync(ZcrxQueue queue, IMoveWatcher watcher)
    {
        await _moves.EnterAsync().ConfigureAwait(false);
        return await RunMoveAsync(queue, isRescue: true, watcher).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the socket to the application. The queue delivers all received bytes, ends receiving and leaves the socket open. Observers
    /// receive a <see cref="ZcrxStreamException"/> that reports the detachment and the position. <see cref="Closed"/> completes.
    /// </summary>
    /// <returns>
    /// The socket and the stream offset of its next byte. Null if the connection ended before. Also null if the socket has no room for
    /// unsent bytes within <see cref="ZcrxQueueOptions.PeerCloseTimeout"/>. A suspended connection does not wait for room.
    /// </returns>
    /// <remarks>Sends that are in progress fail, so complete them first. Leases stay valid.</remarks>
    /// <exception cref="InvalidOperationException">The connection is already being moved or detached.</exception>
    public async Task<DetachedConnection?> DetachAsync()
    {
        if (!_moves.TryEnter())
        {
            throw new InvalidOperationException($"The {this} is already being moved.");
        }

        try
        {
            ConnectionMove move = Host.Detach(_receiver);
            return await move.Done.ConfigureAwait(false) ? new DetachedConnection(Socket, BytesReceived, move.Unread) : null;
        }
        finally
        {
            _moves.Leave();
        }
    }

    /// <summary>Sends bytes to the peer. Concurrent calls are sent one after another.</summary>
    /// <param name="bytes">
    /// The bytes to send. They must not change until the task has ended. If they are the memory of a lease, the lease may be released
    /// earlier.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait for room in the socket. Bytes that were already sent are not affected.</param>
    /// <returns>
    /// A task that completes when the kernel has taken all bytes. On the ring thread, it also completes when a batch has copied them.
    /// </returns>
    /// <exception cref="SocketException">The peer or the network has ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed. The message names the cause.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => _control.Sender.SendAsync(bytes, cancellationToken);

    /// <summary>
    /// Sends the pieces of a sequence to the peer. One system call sends as many pieces as the socket has room for. Concurrent calls are
    /// sent one after another.
    /// </summary>
    /// <param name="bytes">
    /// The bytes to send. They must not change until the task has ended. If they are the memory of leases, the leases may be released
    /// earlier.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait for room in the socket. Bytes that were already sent are not affected.</param>
    /// <returns>
    /// A task that completes when the kernel has taken all bytes. On the ring thread, it also completes when a batch has copied them.
    /// </returns>
    /// <exception cref="SocketException">The peer or the network has ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed. The message names the cause.</exception>
    public ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken = default) =>
        bytes.IsSingleSegment ? _control.Sender.SendAsync(bytes.First, cancellationToken) : _control.Sender.SendAsync(bytes, cancellationToken);

    /// <inheritdoc cref="ConnectionSender.SendAsync(ReadOnlySequence{byte}, CancellationToken, Action{Action})"/>
    internal ValueTask SendAsync(ReadOnlySequence<byte> bytes, Action<Action>? schedule, CancellationToken cancellationToken) =>
        _control.Sender.SendAsync(bytes, cancellationToken, schedule);

    /// <summary>Sends a leased buffer to the peer and releases the lease.</summary>
    /// <param name="lease">The lease. This call releases it in every case, even if sending fails.</param>
    /// <param name="cancellationToken">Cancels the wait for room in the socket. Bytes that were already sent are not affected.</param>
    /// <returns>
    /// A task that completes when the kernel has taken all bytes. On the ring thread, it also completes when a batch has copied them.
    /// </returns>
    /// <exception cref="SocketException">The peer or the network has ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed, or the lease has been released.</exception>
    public async ValueTask SendAsync(BufferLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        using BufferLease owned = lease.Move();
        await SendAsync(owned.Memory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a leased frame to the peer and releases the lease.</summary>
    /// <param name="lease">The lease. This call releases it in every case, even if sending fails.</param>
    /// <param name="cancellationToken">Cancels the wait for room in the socket. Bytes that were already sent are not affected.</param>
    /// <returns>
    /// A task that completes when the kernel has taken all bytes. On the ring thread, it also completes when a batch has copied them.
    /// </returns>
    /// <exception cref="SocketException">The peer or the network has ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed, or the lease has been released.</exception>
    public async ValueTask SendAsync(FrameLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        using FrameLease owned = lease.Move();
        await SendAsync(owned.Sequence, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends as many bytes as the socket has room for, without waiting. If the send fails, the next <c>SendAsync</c> reports the error.
    /// </summary>
    /// <returns>The number of bytes that were sent.</returns>
    internal int TrySend(ReadOnlySpan<byte> bytes) => _control.Sender.TrySend(bytes);

    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})"/>
    internal int TrySend(ReadOnlySpan<IoVector> pieces) => _control.Sender.TrySend(pieces);

    /// <summary>Shuts down sending, so that the peer reads the end of the stream. Receiving continues.</summary>
    public void ShutdownSend() => _control.ShutdownSend();

    /// <summary>Closes the connection with a reset, so that the peer learns of a failure.</summary>
    public void Abort() => _control.RequestClose(abort: true, "the application aborted the connection");

    /// <summary>Closes the connection. Its observers receive an error if the stream has not ended yet.</summary>
    public void Dispose() => _control.RequestClose(abort: false, "the application disposed the connection");

    /// <inheritdoc/>
    public override string ToString() => _receiver.ToString();

    /// <summary>Returns the public handle of a connection.</summary>
    internal static ZcrxConnection Of(ConnectionReceiver receiver) => receiver.HandleAs(static receiver => new ZcrxConnection(receiver));

    private async Task<bool> RunMoveAsync(ZcrxQueue queue, bool isRescue, IMoveWatcher? watcher)
    {
        try
        {
            return await Host.MoveAsync(_receiver, queue.Loop.Host, isRescue, watcher).ConfigureAwait(false);
        }
        finally
        {
            _moves.Leave();
        }
    }
}
