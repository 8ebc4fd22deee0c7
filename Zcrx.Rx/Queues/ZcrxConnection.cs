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
/// <para>Receiving starts with the first subscription to <see cref="Buffers"/>, and pauses while there is no subscription. No bytes are
/// lost: TCP slows the sender down in the meantime.</para>
/// <para>
/// Ownership: the connection closes by itself once its stream has ended and its consumers have finished; see <see cref="CloseMode"/>.
/// Until then its owner may dispose it at any time. Threading: all members are thread-safe.
/// </para>
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
        // Every connection of a queue has a real socket. Only tests of lower layers use other sockets.
        _socket = (ConnectionSocket)receiver.Socket;
    }

    /// <summary>Gets the connection's id, which is unique in the process.</summary>
    public long Id => _receiver.Id;

    /// <summary>
    /// Gets the peer's address, or null when the peer disconnected before the address could be read. An IPv4 peer has an IPv4 address,
    /// even on a socket that serves IPv6.
    /// </summary>
    public IPEndPoint? RemoteEndPoint => _socket.RemoteEndPoint;

    /// <summary>Gets the local address, in the same form as <see cref="RemoteEndPoint"/>.</summary>
    public IPEndPoint? LocalEndPoint => _socket.LocalEndPoint;

    /// <summary>
    /// Gets or sets a value indicating whether small sends leave at once (<c>TCP_NODELAY</c>). Otherwise the kernel waits for
    /// more, or for an acknowledgement.
    /// </summary>
    /// <remarks>
    /// On for accepted connections, see <see cref="ZcrxListenOptions.NoDelay"/>, and for connections of <c>ConnectAsync</c>. After the
    /// connection has closed, the value is false and setting it has no effect.
    /// </remarks>
    public bool NoDelay
    {
        get => _socket.NoDelay;
        set => _socket.NoDelay = value;
    }

    /// <summary>
    /// Gets the received bytes, in order, as borrowed buffers with their stream offsets. Completes at the end of the stream; ends with a
    /// <see cref="ZcrxStreamException"/> when the stream breaks. OnNext runs on the ring thread: be quick there, or pass on a lease.
    /// </summary>
    /// <remarks>
    /// An observer that unsubscribes inside OnNext receives no further buffers. An observer that unsubscribes on another thread may still
    /// receive the buffer that is being delivered. The next observer continues after that buffer. An operator that ends by itself, such as
    /// <c>Take</c>, drops the buffers between its end and the return of <c>Subscribe</c>. If another observer follows, call
    /// <see cref="Pause"/> before subscribing and <see cref="Resume"/> afterwards.
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

    /// <summary>Gets the name of the queue that receives for this connection.</summary>
    public string QueueName => _control.Host.Name;

    /// <summary>Gets a value indicating whether the connection is paused because the pool is under pressure.</summary>
    public bool IsPausedByPressure => _receiver.Has(ReceiveObstacles.Pressure);

    /// <summary>Gets whether the connection receives at this moment, and if not, why.</summary>
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
    /// Gets or sets when the connection closes after its stream has ended normally. <see cref="CloseMode.AfterConsumers"/> by default.
    /// </summary>
    /// <remarks>
    /// A connection whose stream has ended closes at once if the new mode requires it. A stream that breaks closes
    /// the connection in every mode.
    /// </remarks>
    public CloseMode CloseMode
    {
        get => _control.CloseMode;
        set => _control.CloseMode = value;
    }

    /// <summary>
    /// Gets a task that completes when the socket has been closed. It never faults: the observers of the stream receive the reason.
    /// </summary>
    public Task Closed => _control.Closed;

    /// <summary>
    /// Gets a token that is cancelled when the socket has been closed, or was detached. Its callbacks run on the thread pool.
    /// </summary>
    /// <remarks>A connection whose stream has ended stays open while work is done on it, so the token does not interrupt a reply.</remarks>
    public CancellationToken ConnectionClosed => _control.ClosedToken;

    /// <summary>
    /// Gets a task that ends when the socket has been closed and all work has finished, or when the queue has ended. An operator off
    /// the ring thread (<c>Process</c>, <c>Offload</c>, …) has finished when it was disposed, or when it has handled all items and
    /// reported the end of the stream. Never faults.
    /// </summary>
    public Task Finished => _control.Work.Finished;

    internal Socket Socket => _socket.Socket;

    internal ConnectionReceiver Receiver => _receiver;

    internal ReceiveState ReceiveState => _receiver.State;

    internal BufferStream Stream => _receiver.Stream;

    /// <summary>Gets the queue that owns the connection.</summary>
    internal ConnectionHost Host => (ConnectionHost)_control.Host;

    /// <summary>
    /// Stops receiving until <see cref="Resume"/>. Bytes that have already arrived are still delivered, or kept for later.
    /// </summary>
    public void Pause() => _control.Pause();

    /// <summary>Resumes receiving.</summary>
    public void Resume() => _control.Resume();

    /// <summary>
    /// Pauses receiving as <see cref="Pause"/> does, but counts the calls: the pause lasts until every returned object is disposed.
    /// </summary>
    /// <returns>An object that ends this pause when disposed. Only the first disposal counts.</returns>
    /// <remarks>
    /// Inside <c>OnNext</c> the pause is exact: the observer receives no further buffer, not even one that the kernel has already
    /// delivered. On another thread, one buffer may still be delivered. The end of this pause does not end a pause by
    /// <see cref="Pause"/> or by an operator.
    /// </remarks>
    public IDisposable Hold()
    {
        _control.PauseForConsumer();
        return new CountedUse(_control.ResumeForConsumer);
    }

    /// <summary>
    /// Announces work on this connection. The connection stays open after the end of its stream until the work has ended. When the
    /// queue stops, it waits for the work.
    /// </summary>
    /// <returns>An object that ends the work when disposed. Only the first disposal counts.</returns>
    /// <remarks>
    /// <para>
    /// Operators off the ring thread, pipe readers and asynchronous handlers announce their work themselves. Call this method for other
    /// work: a queue of the application, or a request to another service whose answer goes to the peer.
    /// </para>
    /// <para>
    /// A connection closes despite its work if it breaks, if it is disposed, if its asynchronous handler returns, or if its
    /// <see cref="CloseMode"/> is <see cref="CloseMode.AtEndOfStream"/> and its stream ends. While its queue stops, a handler that
    /// returns does not close it.
    /// </para>
    /// </remarks>
    public IDisposable BeginWork()
    {
        _control.Work.Begin();
        return new CountedUse(_control.Work.End);
    }

    /// <summary>Runs an asynchronous handler on the thread pool. The connection closes when the handler's task ends.</summary>
    /// <param name="handler">The handler. Its token is <see cref="ConnectionClosed"/>.</param>
    /// <returns>A task that ends with the handler. It never faults.</returns>
    /// <remarks>
    /// <para>If the handler throws, the connection ends as <see cref="ZcrxQueueOptions.WhenConsumerFails"/> specifies, by default with a
    /// reset. Its exception is reported once, through <see cref="ZcrxQueue.ConsumerFaults"/>. Exceptions that only follow from the end of
    /// the connection are not reported: the error of its stream, a failed send on the closed connection, and the cancellation by the
    /// token.</para>
    /// <para>
    /// The handler owns the connection. When the handler returns, the connection closes, even if other work has not ended: await that work
    /// in the handler.
    /// </para>
    /// <para>
    /// The handler counts as work: see <see cref="BeginWork"/>. When the queue stops, it delivers the bytes that have arrived, ends the
    /// stream with a <see cref="ZcrxStreamException"/>, and then waits for the handler.
    /// </para>
    /// </remarks>
    public Task HandleAsync(Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return new HandlerRun(this, _control).RunAsync(handler);
    }

    /// <summary>
    /// Lets another queue receive for this connection, for instance the queue of the RX queue on which its packets arrive. Everything that
    /// this queue has received is delivered first. Then the other queue continues in order, without a gap, and unnoticed by the observers.
    /// </summary>
    /// <param name="queue">The other queue.</param>
    /// <returns>
    /// True when the connection is on the other queue; false when it ended first. Undelivered buffers move with the connection as copies.
    /// </returns>
    /// <remarks>After the move, OnNext runs on the other queue's thread. The calls never overlap. Leases stay valid.</remarks>
    /// <exception cref="InvalidOperationException">The connection is already being moved.</exception>
    /// <exception cref="ObjectDisposedException">The other queue is closed; the connection stays where it was.</exception>
    public async Task<bool> MoveToAsync(ZcrxQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return await MoveToAsync(queue, null).ConfigureAwait(false) ?? throw new InvalidOperationException($"The {this} is already being moved.");
    }

    /// <summary>
    /// Moves the connection as <see cref="MoveToAsync(ZcrxQueue)"/> does. The result is null when the connection is already being moved.
    /// </summary>
    internal async Task<bool?> MoveToAsync(ZcrxQueue queue, IMoveWatcher? watcher) =>
        _moves.TryEnter() ? await RunMoveAsync(queue, isRescue: false, watcher).ConfigureAwait(false) : null;

    /// <summary>
    /// Lets another queue receive the bytes that this queue cannot receive. Does nothing if the connection has moved in the meantime.
    /// </summary>
    internal async Task<bool> RescueAsync(ZcrxQueue queue, IMoveWatcher watcher)
    {
        await _moves.EnterAsync().ConfigureAwait(false);
        return await RunMoveAsync(queue, isRescue: true, watcher).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the socket to the application. All received bytes are delivered, then receiving ends, and the socket stays open. Observers
    /// receive a <see cref="ZcrxStreamException"/> that names the detachment and the position. <see cref="Closed"/> completes.
    /// </summary>
    /// <returns>
    /// The socket and the stream offset of its next byte; null when the connection ended first, or when the peer did not read the bytes
    /// that were sent before within <see cref="ZcrxQueueOptions.PeerCloseTimeout"/>. A suspended connection does not wait for the peer.
    /// </returns>
    /// <remarks>Sends in progress fail, so complete them first. Leases stay valid.</remarks>
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

    /// <summary>Sends bytes to the peer. Concurrent calls are served one after another.</summary>
    /// <param name="bytes">The bytes to send. They must not change until the task has ended. Memory of a lease is kept until then, even if
    /// the lease is released.</param>
    /// <param name="cancellationToken">Cancels the wait for room. Bytes that were already sent are not affected.</param>
    /// <returns>A task that ends when the kernel has taken all bytes, or a batch of the ring thread has copied them.</returns>
    /// <exception cref="SocketException">The peer is gone.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed. The message names the cause.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => _control.Sender.SendAsync(bytes, cancellationToken);

    /// <summary>
    /// Sends the pieces of a sequence to the peer. One system call sends as many pieces as the socket has room for. Concurrent calls
    /// are served one after another.
    /// </summary>
    /// <param name="bytes">
    /// The bytes, which must not change until the task has ended. Memory of leases is kept until then, also when a lease is released.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait for room. Bytes that were already sent are not affected.</param>
    /// <returns>A task that ends when the kernel has taken all bytes, or a batch of the ring thread has copied them.</returns>
    /// <exception cref="SocketException">The peer is gone.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed. The message names the cause.</exception>
    public ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken = default) =>
        bytes.IsSingleSegment ? _control.Sender.SendAsync(bytes.First, cancellationToken) : _control.Sender.SendAsync(bytes, cancellationToken);

    /// <inheritdoc cref="ConnectionSender.SendAsync(ReadOnlySequence{byte}, CancellationToken, Action{Action})"/>
    internal ValueTask SendAsync(ReadOnlySequence<byte> bytes, Action<Action>? schedule, CancellationToken cancellationToken) =>
        _control.Sender.SendAsync(bytes, cancellationToken, schedule);

    /// <summary>Sends a buffer to the peer, and releases its lease.</summary>
    /// <param name="lease">The lease. This call owns it and releases it in every case.</param>
    /// <param name="cancellationToken">Cancels the wait for room. Bytes that were already sent are not affected.</param>
    /// <returns>A task that ends when the kernel has taken all bytes, or a batch of the ring thread has copied them.</returns>
    /// <exception cref="SocketException">The peer is gone.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed, or the lease has been released.</exception>
    public async ValueTask SendAsync(BufferLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        using BufferLease owned = lease.Move();
        await SendAsync(owned.Memory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a frame to the peer, and releases its lease.</summary>
    /// <param name="lease">The lease. This call owns it and releases it in every case.</param>
    /// <param name="cancellationToken">Cancels the wait for room. Bytes that were already sent are not affected.</param>
    /// <returns>A task that ends when the kernel has taken all bytes, or a batch of the ring thread has copied them.</returns>
    /// <exception cref="SocketException">The peer is gone.</exception>
    /// <exception cref="ObjectDisposedException">The connection has been closed, or the lease has been released.</exception>
    public async ValueTask SendAsync(FrameLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        using FrameLease owned = lease.Move();
        await SendAsync(owned.Sequence, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends as many bytes as the socket has room for at once. After a failure, the next <c>SendAsync</c> reports the error.
    /// </summary>
    /// <returns>The number of bytes.</returns>
    internal int TrySend(ReadOnlySpan<byte> bytes) => _control.Sender.TrySend(bytes);

    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})"/>
    internal int TrySend(ReadOnlySpan<IoVector> pieces) => _control.Sender.TrySend(pieces);

    /// <summary>Shuts sending down, so that the peer receives the end of the stream. Receiving continues.</summary>
    public void ShutdownSend() => _control.ShutdownSend();

    /// <summary>Closes the connection with a reset, so that the peer notices the failure.</summary>
    public void Abort() => _control.RequestClose(abort: true, "the application aborted the connection");

    /// <summary>Closes the connection. Its observers receive an error, unless the stream had already ended.</summary>
    public void Dispose() => _control.RequestClose(abort: false, "the application disposed the connection");

    /// <inheritdoc/>
    public override string ToString() => _receiver.ToString();

    /// <summary>Returns the handle of a connection.</summary>
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
