using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Engines;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx;

/// <summary>Represents one interface queue with its ring thread. It receives for connections and delivers their payload as borrowed
/// buffers.</summary>
/// <remarks><para>A queue works alone, or under the supervision of <c>Zcrx.Actors</c>. Threading: all members are thread-safe. Observables
/// publish on the ring thread.</para> <para>Ownership: the caller that opened the queue disposes it. Disposal stops accepting, ends the
/// connections and closes the ring. Leased buffers stay readable until their leases are released.</para></remarks>
public sealed class ZcrxQueue : IAsyncDisposable
{
    private readonly QueueLoop _loop;
    private readonly QueueEvents _events;
    private readonly QueueListening _listening;
    private readonly ISubject<TimeSpan> _statisticsInterval;

    private ZcrxQueue(QueueLoop loop, QueueEvents events, ZcrxQueueOptions options)
    {
        _loop = loop;
        _events = events;
        _listening = new QueueListening(loop);
        Name = options.Name;
        _statisticsInterval = Subject.Synchronize(new BehaviorSubject<TimeSpan>(options.StatisticsInterval));
        Statistics = _statisticsInterval
            .DistinctUntilChanged()
            .Select(static interval => Observable.Interval(interval))
            .Switch()
            .Select(_ => Snapshot())
            .TakeUntil(Observable.FromAsync(() => _loop.Ended.ContinueWith(static _ => { }, TaskScheduler.Default)))
            .Guarded(exception => _events.Faulted(null, exception));
    }

    /// <summary>Gets the queue's name.</summary>
    public string Name { get; }

    /// <summary>Gets the engine that was chosen and the reason for the choice.</summary>
    public EngineChoice Engine => _loop.Engine.Choice;

    /// <summary>Gets the NIC's RX queue that this queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _loop.RxQueue;

    /// <summary>Gets the capabilities of the engine's kernel.</summary>
    public ZcrxCapabilities Capabilities => _loop.Engine.Capabilities;

    /// <summary>Gets a task that completes when the queue is closed. If the ring thread has failed, it faults with the exception.</summary>
    public Task Completion => _loop.Ended;

    /// <summary>Gets the pressure level of the pool. Publishes the current level on subscription and then every change. Completes with the
    /// queue.</summary>
    public IObservable<PoolPressure> Pressure => _events.Pressure;

    /// <summary>Gets the pool's attempts to grow up to <see cref="ZcrxQueueOptions.MaxAreaSize"/>.</summary>
    public IObservable<PoolGrowth> Growth => _events.Growth;

    /// <summary>Gets the kernel's notifications about the queue. They may be lost, see <see cref="ZcrxNotification"/>.</summary>
    public IObservable<ZcrxNotification> Notifications => _events.Notifications;

    /// <summary>Gets the changes of the interface's link; none without a NIC. A link that goes down or up does not affect the queue. When
    /// the interface is removed, the queue ends and <see cref="Completion"/> faults with a <see cref="ZcrxDeviceException"/>.</summary>
    public IObservable<LinkChange> Links => _events.Links;

    /// <summary>Publishes the result of <see cref="Snapshot"/> at intervals. Each subscriber has its own timer, so there is no cost
    /// without subscribers.</summary>
    public IObservable<QueueStatistics> Statistics { get; }

    /// <summary>Publishes when a connection stalls and when the stall is over. <see cref="QueueStatistics.StalledConnections"/> counts
    /// stalled connections even without a subscriber. Published on the ring thread.</summary>
    public IObservable<ReceiveStall> ReceiveStalls => _events.Stalls;

    /// <summary>Gets the exceptions that observers and handlers have thrown. Stream errors are published by
    /// <see cref="UnobservedErrors"/>.</summary>
    public IObservable<ConsumerFault> ConsumerFaults => _events.Faults;

    /// <summary>Gets stream errors, such as a reset by the peer, whose observers have no error handler. The observers have not
    /// failed.</summary>
    public IObservable<UnobservedError> UnobservedErrors => _events.Unobserved;

    /// <summary>Gets reports that limits were enforced. Published on the ring thread.</summary>
    public IObservable<LimitReached> LimitsReached => _events.Limits;

    /// <summary>Opens a queue. Chooses the engine, sets up the ring and registers the queue with the kernel.</summary>
    /// <param name="options">The options of the queue.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens later anyway, it is closed again.</param>
    /// <returns>The open queue, owned by the caller.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No queue was opened.</exception>
    /// <exception cref="ZcrxException">The kernel refused to set up the queue. The message names the cause and the fix.</exception>
    public static Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, CancellationToken cancellationToken = default) => OpenAsync(options, null, cancellationToken);

    /// <summary>Opens a queue whose connections another queue can resume when this one ends.</summary>
    /// <param name="options">The options of the queue.</param>
    /// <param name="suspended">The object that holds the connections after the queue has failed or <see cref="SuspendAsync"/> was called.
    /// The caller disposes it. If null, connections end with the queue.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens later anyway, it is closed again.</param>
    /// <returns>The open queue, owned by the caller. To resume connections of <paramref name="suspended"/> on it, call
    /// <see cref="ZcrxSuspendedConnections.ContinueOnAsync(ZcrxQueue)"/>.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No queue was opened.</exception>
    /// <exception cref="ZcrxException">The kernel refused to set up the queue. The message names the cause and the fix.</exception>
    public static async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        cancellationToken.ThrowIfCancellationRequested();
        return await OpenAsync(options, QueueEngine.Choose(options), suspended, exported: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a queue that continues an exported queue on another ring and thread. Uses the same memory and the same RX
    /// queue.</summary>
    /// <param name="exported">The queue, exported by <see cref="ExportAsync"/>. The caller disposes it once this call has
    /// completed.</param>
    /// <param name="options">The options of the queue. The engine, the interface and the sizes are taken from the exported queue
    /// instead.</param>
    /// <param name="suspended">The object that holds the connections after the queue has failed or was suspended, as with
    /// <see cref="OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens later anyway, it is closed again.</param>
    /// <returns>The open queue, owned by the caller. It returns the exported queue's buffers to the kernel from now on. If the exported
    /// queue still has connections, it continues to receive for them, and new leases on it are copies. Move these connections with
    /// <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>.</returns>
    /// <remarks>The kernel sends no notifications to this queue, see <see cref="QueueStatistics.NoBuffersArmState"/>. The pool does not
    /// grow. Counters work as usual.</remarks>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No queue was opened.</exception>
    /// <exception cref="ZcrxException">The kernel refused to import the queue. The exported queue is unchanged.</exception>
    /// <exception cref="ObjectDisposedException">The exported queue is disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(ExportedQueue exported, ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(exported);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(exported, options, "imported from a queue that was exported", suspended, cancellationToken).ConfigureAwait(false);
        Task switched = exported.Memory.SwitchToAsync(queue.Loop.Sharing);
        if (!exported.Memory.IsSharedWithProcess)
        {
            await switched.ConfigureAwait(false);
        }

        // If another process shares the memory, that process may write the refill queue until it ends. This call does not wait.
        return queue;
    }

    /// <summary>Opens a queue that continues a queue of another process without an interruption. Uses the same memory and the same RX
    /// queue.</summary>
    /// <param name="inherited">The queue from the other process, see <see cref="ZcrxTakeover.TakeQueue"/>. The caller disposes it once this
    /// call has completed.</param>
    /// <param name="options">The options of the queue. The engine, the interface and the sizes are taken from the other queue
    /// instead.</param>
    /// <param name="suspended">The object that holds the connections after the queue has failed or was suspended, as with
    /// <see cref="OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens later anyway, it is closed again.</param>
    /// <returns>The open queue, owned by the caller. The other process continues to receive for its connections. After
    /// <see cref="ZcrxTakeover.CommitAsync"/>, this queue writes the refill queue instead of the other process.</returns>
    /// <remarks>The kernel sends no notifications to this queue, and its pool does not grow, as with any exported queue.</remarks>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No queue was opened.</exception>
    /// <exception cref="ZcrxException">The kernel refused to import the queue. The queue of the other process is unchanged.</exception>
    /// <exception cref="ObjectDisposedException"><paramref name="inherited"/> is disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(IncomingQueue inherited, ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inherited);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(inherited.Exported, options, "taken over from another process", suspended, cancellationToken).ConfigureAwait(false);
        // Not awaited, because the other process stops writing the refill queue only after the commit. This process must be ready before
        // the commit.
        _ = inherited.Exported.Memory.SwitchToAsync(queue.Loop.Sharing);
        return queue;
    }

    internal static Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, EngineChoice choice, IIoUringKernel kernel, CancellationToken cancellationToken, ZcrxSuspendedConnections? suspended = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return OpenAsync(options, QueueEngine.For(options, choice, kernel), suspended, exported: null, cancellationToken);
    }

    private static Task<ZcrxQueue> ImportAsync(ExportedQueue exported, ZcrxQueueOptions options, string reason, ZcrxSuspendedConnections? suspended, CancellationToken cancellationToken)
    {
        (ZcrxQueueOptions effective, EngineChoice choice) = QueueEngine.Of(exported, options, reason);
        ZcrxConfigurationException.ThrowIfAny(effective.Validate());
        cancellationToken.ThrowIfCancellationRequested();
        return OpenAsync(effective, QueueEngine.For(effective, choice, exported.Kernel), suspended, exported, cancellationToken);
    }

    private static async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, QueueEngine engine, ZcrxSuspendedConnections? suspended, ExportedQueue? exported, CancellationToken cancellationToken)
    {
        QueueEvents events = new(options.Name);
        QueueLoop loop = new(options, engine, events, suspended?.Owner, exported);
        await loop.OpenAsync(cancellationToken).ConfigureAwait(false);
        return new ZcrxQueue(loop, events, options) { Suspended = suspended };
    }

    /// <summary>Accepts connections on an address. The socket is bound on subscription. Subscribe once to each returned
    /// observable.</summary>
    /// <param name="endPoint">The local address. With port 0, the kernel chooses a port.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The accepted connections. If the address cannot be bound, OnError receives a <see cref="ZcrxException"/>. Disposing the
    /// subscription stops accepting and leaves connections open. Connections that were accepted before are still delivered, then
    /// OnCompleted follows.</returns>
    public IObservable<ZcrxConnection> Listen(IPEndPoint endPoint, ZcrxListenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return _listening.Listen(endPoint, options ?? new ZcrxListenOptions());
    }

    /// <summary>Accepts connections on an address, as <see cref="Listen(IPEndPoint, ZcrxListenOptions?)"/> does.</summary>
    /// <param name="endPoint">The local address, for example <c>[::]:9000</c> (which also accepts IPv4), <c>127.0.0.1:9000</c> or
    /// <c>*:9000</c>.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The accepted connections.</returns>
    /// <exception cref="FormatException">The text is not an address with a port.</exception>
    public IObservable<ZcrxConnection> Listen(string endPoint, ZcrxListenOptions? options = null) => Listen(ListenEndPoint.Parse(endPoint), options);

    /// <summary>Accepts connections on a listening socket of the caller.</summary>
    /// <param name="listener">A non-blocking listening socket, such as from <see cref="ListenSocket.Bind"/>. Subscribing duplicates its
    /// descriptor. The caller may then close the socket, and the port stays open until the subscription is disposed.</param>
    /// <param name="gate">The limits of the listener, which several queues may share; null for no limits.</param>
    /// <returns>The accepted connections. Disposing the subscription stops accepting. Connections that were accepted before are still
    /// delivered, then OnCompleted follows.</returns>
    public IObservable<ZcrxConnection> Listen(Socket listener, ListenerGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(listener);
        SocketOwnership.ThrowIfNotTcp(listener, nameof(listener));
        return _listening.Listen(listener, gate);
    }

    /// <summary>Accepts connections on an address and runs an asynchronous handler for each of them.</summary>
    /// <param name="endPoint">The local address. With port 0, the kernel chooses a port; see <see cref="ZcrxListener.EndPoint"/>.</param>
    /// <param name="handler">Handles one connection on the thread pool, as <see cref="ZcrxConnection.HandleAsync"/> describes.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The listener. Disposing it stops accepting and leaves connections open.</returns>
    /// <exception cref="ZcrxException">The address cannot be bound.</exception>
    public ZcrxListener Listen(IPEndPoint endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, ZcrxListenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(handler);
        return _listening.Listen(endPoint, handler, options ?? new ZcrxListenOptions());
    }

    /// <summary>Accepts connections on an address and runs an asynchronous handler for each of them.</summary>
    /// <param name="endPoint">The local address, for example <c>[::]:9000</c> (which also accepts IPv4), <c>127.0.0.1:9000</c> or
    /// <c>*:9000</c>. With port 0, the kernel chooses a port; see <see cref="ZcrxListener.EndPoint"/>.</param>
    /// <param name="handler">Handles one connection on the thread pool, as <see cref="ZcrxConnection.HandleAsync"/> describes.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The listener. Disposing it stops accepting and leaves connections open.</returns>
    /// <exception cref="FormatException">The text is not an address with a port.</exception>
    /// <exception cref="ZcrxException">The address cannot be bound.</exception>
    public ZcrxListener Listen(string endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, ZcrxListenOptions? options = null) =>
        Listen(ListenEndPoint.Parse(endPoint), handler, options);

    /// <summary>Receives for a TCP socket that the application has connected.</summary>
    /// <param name="socket">The connected socket. The connection keeps a duplicate of its descriptor and closes this object. No receive may
    /// be pending on it.</param>
    /// <returns>The connection for the socket.</returns>
    /// <exception cref="ArgumentException">The socket is not a TCP socket.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed. The caller still owns the socket.</exception>
    public Task<ZcrxConnection> AttachAsync(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        SocketOwnership.ThrowIfNotTcp(socket, nameof(socket));
        return AttachToAsync();
        async Task<ZcrxConnection> AttachToAsync() => ZcrxConnection.Of(await _loop.AttachAsync(socket).ConfigureAwait(false));
    }

    /// <summary>Connects to a server and receives on the new connection.</summary>
    /// <param name="endPoint">The address of the server.</param>
    /// <param name="cancellationToken">Cancels the attempt to connect.</param>
    /// <returns>The connection to the server.</returns>
    /// <remarks>A queue that stops ends this stream when no work is left on connections that it accepted, so that their handlers can still
    /// receive the answers of the server.</remarks>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    public async Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Socket socket = SocketSettings.CreateOutgoing();
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            ZcrxConnection connection = await AttachAsync(socket).ConfigureAwait(false);
            connection.Receiver.IsOutgoing = true;
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Changes options of the open queue. The ring thread applies them between two turns.</summary>
    /// <remarks>These options can change: water marks, connection quota, largest pool, intervals, timeouts, spinning before sleep, the
    /// action for failed consumers, the limit for copied frame bytes and the descriptor reserve. A change of any other option requires the
    /// queue to be opened again.</remarks>
    /// <param name="options">The new options. All of them are compared with the current ones.</param>
    /// <returns>The names of the changed options that apply now, and of those that require the queue to be opened again.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No option was changed.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public async Task<QueueReconfiguration> ReconfigureAsync(ZcrxQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        (IReadOnlyList<string> live, IReadOnlyList<string> others) = LiveOptions.Differences(_loop.Options, options);
        if (!await _loop.ReconfigureAsync(options).ConfigureAwait(false))
        {
            throw new ObjectDisposedException(Name, "The queue is closed.");
        }

        _statisticsInterval.OnNext(options.StatisticsInterval);
        return new QueueReconfiguration(live, others);
    }

    /// <summary>Returns the current connections of the queue.</summary>
    /// <returns>A copy of the list; empty once the queue is closed.</returns>
    public async Task<IReadOnlyList<ZcrxConnection>> GetConnectionsAsync() =>
        Array.ConvertAll(await _loop.GetConnectionsAsync().ConfigureAwait(false), ZcrxConnection.Of);

    /// <summary>Exports the queue. The export keeps the kernel's registration alive even after this queue has ended.
    /// <see cref="ImportAsync(ExportedQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/> opens a queue that
    /// continues it.</summary>
    /// <returns>The export, owned by the caller. It keeps the memory and the RX queue of the NIC, if any.</returns>
    /// <exception cref="ZcrxException">The kernel refused, or does not support exports because it is older than Linux 6.19.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public Task<ExportedQueue> ExportAsync() => _loop.ExportAsync();

    /// <summary>Returns the current counters.</summary>
    /// <returns>The current counters. After the queue is closed, the last ones.</returns>
    public QueueStatistics Snapshot() => _loop.Snapshot();

    /// <summary>Returns a stack trace for each lease that is not released. Empty if <see cref="ZcrxQueueOptions.RecordLeaseOrigins"/> is
    /// off.</summary>
    /// <returns>The stack traces of the places where the leases were taken.</returns>
    public IReadOnlyList<string> LeaseOrigins() => _loop.Queue.Ledger.Origins();

    /// <summary>Stops accepting, delivers the bytes that have arrived, then closes the connections and the queue.</summary>
    /// <param name="drain">The time limit for the delivery. A stream that its peer has not ended by then ends with an error.</param>
    /// <returns>A task that completes when the queue is closed.</returns>
    public Task StopAsync(TimeSpan drain) => EndAsync(_loop.StopAsync(drain));

    private static async Task EndAsync(Task ended)
    {
        try
        {
            await ended.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Stopping has succeeded even if the ring thread has failed. Completion reports the failure.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>Ends the queue and suspends its connections. Every byte that was taken from their sockets is delivered first.</summary>
    /// <param name="drain">The time limit for emptying the sockets on a NIC. Payload that still lies in the memory of the NIC's queue
    /// afterwards is lost. A stream whose next bytes are lost fails when it is resumed (−EFAULT). Without a NIC, nothing is lost and the
    /// value has no effect.</param>
    /// <returns>A task that completes when the queue is closed. Once another queue resumes the streams, they continue at the same position.
    /// Leases stay valid.</returns>
    /// <exception cref="InvalidOperationException">The queue was opened without suspended connections.</exception>
    public Task SuspendAsync(TimeSpan drain = default) => Suspended is null
        ? throw new InvalidOperationException("The queue was opened without ZcrxSuspendedConnections. Pass them to OpenAsync.")
        : EndAsync(_loop.SuspendAsync(drain));

    /// <summary>Closes the queue without draining.</summary>
    /// <returns>A task that completes when the queue is closed.</returns>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    internal QueueLoop Loop => _loop;

    /// <summary>Gets a value indicating whether this process has configured the network interface for the queue.</summary>
    internal bool IsNicConfigured => _loop.Engine.Nic is not null;

    private ZcrxSuspendedConnections? Suspended { get; init; }

    /// <summary>Makes the ring thread fail with an exception. For tests of the component that supervises the queue.</summary>
    internal void Crash(Exception exception) => _loop.Post(() => throw exception);
}
