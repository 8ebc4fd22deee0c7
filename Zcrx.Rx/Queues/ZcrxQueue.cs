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

/// <summary>Represents one interface queue with its ring thread. Receives for connections, and delivers streams
/// of borrowed buffers.</summary>
/// <remarks>
/// <para>A queue is usable without actors and hosting, or supervised by <c>Zcrx.Actors</c>. Threading: all members are thread-safe.
/// Observables publish on the ring thread.</para>
/// <para>Ownership: the caller that opened the queue disposes it. Disposal stops accepting, ends the connections and closes the ring.
/// Leased buffers stay readable until their leases are released.</para>
/// </remarks>
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

    /// <summary>Gets the engine and the reason for its choice.</summary>
    public EngineChoice Engine => _loop.Engine.Choice;

    /// <summary>Gets the RX queue that the queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _loop.RxQueue;

    /// <summary>Gets the capabilities of the engine's kernel.</summary>
    public ZcrxCapabilities Capabilities => _loop.Engine.Capabilities;

    /// <summary>Gets a task that ends when the queue is closed. It faults with the reason when the ring thread has failed.</summary>
    public Task Completion => _loop.Ended;

    /// <summary>Gets the pool's level: the current level on subscription, then every change. Completes when the queue ends.</summary>
    public IObservable<PoolPressure> Pressure => _events.Pressure;

    /// <summary>Gets the attempts of the pool to grow; see <see cref="ZcrxQueueOptions.MaxAreaSize"/>.</summary>
    public IObservable<PoolGrowth> Growth => _events.Growth;

    /// <summary>Gets the notifications of the kernel about the queue. They are hints: see <see cref="ZcrxNotification"/>.</summary>
    public IObservable<ZcrxNotification> Notifications => _events.Notifications;

    /// <summary>
    /// Gets the changes of the interface's link. The states up and down are only reported. When the interface is removed, the queue ends:
    /// <see cref="Completion"/> faults with a <see cref="ZcrxDeviceException"/>. Empty without a NIC.
    /// </summary>
    public IObservable<LinkChange> Links => _events.Links;

    /// <summary>Gets samples of <see cref="Snapshot"/>. Each subscriber has its own timer. Without a subscriber,
    /// samples cost nothing.</summary>
    public IObservable<QueueStatistics> Statistics { get; }

    /// <summary>
    /// Gets the connections that stall, and the end of each stall. Without a subscriber, <see cref="QueueStatistics.StalledConnections"/>
    /// still counts them. Published on the ring thread.
    /// </summary>
    public IObservable<ReceiveStall> ReceiveStalls => _events.Stalls;

    /// <summary>Gets the exceptions that observers and handlers have thrown. Errors with which streams end are in
    /// <see cref="UnobservedErrors"/>.</summary>
    public IObservable<ConsumerFault> ConsumerFaults => _events.Faults;

    /// <summary>Gets the errors of streams whose observers have no handler for errors, such as a reset by the peer. The connection has
    /// ended; the observer is not at fault.</summary>
    public IObservable<UnobservedError> UnobservedErrors => _events.Unobserved;

    /// <summary>Gets reports of limits that were enforced. Published on the ring thread.</summary>
    public IObservable<LimitReached> LimitsReached => _events.Limits;

    /// <summary>Opens a queue: chooses the engine, sets up the ring and registers with the kernel.</summary>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens afterwards, it is closed again.</param>
    /// <returns>The open queue, owned by the caller.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. Nothing was changed.</exception>
    /// <exception cref="ZcrxException">The kernel refused. The message names cause and fix.</exception>
    public static Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, CancellationToken cancellationToken = default) => OpenAsync(options, null, cancellationToken);

    /// <summary>Opens a queue. When the queue ends, another queue can resume its connections.</summary>
    /// <param name="options">The options.</param>
    /// <param name="suspended">The owner of the queue's connections after a failure, or after <see cref="SuspendAsync"/>. The caller
    /// disposes it. If null, connections end with the queue.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens afterwards, it is closed again.</param>
    /// <returns>The open queue, owned by the caller. It resumes connections in <paramref name="suspended"/> after
    /// <see cref="ZcrxSuspendedConnections.ContinueOnAsync(ZcrxQueue)"/>.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. Nothing was changed.</exception>
    /// <exception cref="ZcrxException">The kernel refused. The message names cause and fix.</exception>
    public static async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        cancellationToken.ThrowIfCancellationRequested();
        return await OpenAsync(options, QueueEngine.Choose(options), suspended, exported: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a queue that continues an exported queue: the same memory and the same RX queue of a NIC, on
    /// another ring and thread.</summary>
    /// <param name="exported">The queue, from <see cref="ExportAsync"/>. The caller disposes it after this call has ended.</param>
    /// <param name="options">The options. Engine, interface and sizes are taken from the registration instead.</param>
    /// <param name="suspended">The owner of the queue's connections after the queue has failed or was suspended, as with
    /// <see cref="OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens afterwards, it is closed again.</param>
    /// <returns>
    /// The open queue, owned by the caller. The exported queue may have ended, or continues while it has connections (move them with
    /// <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>). The new queue returns the exported queue's buffers to the kernel, and new
    /// leases on the exported queue are copies.
    /// </returns>
    /// <remarks>The kernel sends no notifications to this queue (see <see cref="QueueStatistics.NoBuffersArmState"/>), and its pool does
    /// not grow. Counters are sampled as usual.</remarks>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. Nothing was changed.</exception>
    /// <exception cref="ZcrxException">The kernel refused. Nothing has changed.</exception>
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

        // If another process shares the memory, that process may write the refill queue until it ends. This call does not wait for its end.
        return queue;
    }

    /// <summary>Opens a queue that continues a queue of another process: the same memory and the same RX queue of a NIC,
    /// without an interruption.</summary>
    /// <param name="inherited">The queue, from <see cref="ZcrxTakeover.TakeQueue"/>. The caller disposes it after
    /// this call has ended.</param>
    /// <param name="options">The options. Engine, interface and sizes are taken from the registration instead.</param>
    /// <param name="suspended">The owner of the queue's connections after the queue has failed or was suspended, as with
    /// <see cref="OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. If the queue opens afterwards, it is closed again.</param>
    /// <returns>
    /// The open queue, owned by the caller. The other process continues to receive for its connections. This queue writes the refill queue
    /// once the other process has stopped writing it, after <see cref="ZcrxTakeover.CommitAsync"/>.
    /// </returns>
    /// <remarks>The kernel sends no notifications to this queue, and its pool does not grow, as with an exported queue.</remarks>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. Nothing was changed.</exception>
    /// <exception cref="ZcrxException">The kernel refused. Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The queue is disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(IncomingQueue inherited, ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inherited);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(inherited.Exported, options, "taken over from another process", suspended, cancellationToken).ConfigureAwait(false);
        // This call does not wait until this process writes the refill queue. The other process stops writing only after the commit, and
        // this process must be ready before the commit.
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

    /// <summary>Accepts connections on an address. Binds on subscription. Each call is for one subscription.</summary>
    /// <param name="endPoint">The address. Port 0 lets the kernel choose.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>
    /// The connections. Errors of binding arrive as OnError with a <see cref="ZcrxException"/>. Disposal stops accepting; connections stay
    /// open. Connections accepted before the disposal are still delivered, followed by OnCompleted.
    /// </returns>
    public IObservable<ZcrxConnection> Listen(IPEndPoint endPoint, ZcrxListenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return _listening.Listen(endPoint, options ?? new ZcrxListenOptions());
    }

    /// <summary>Accepts connections on an address, as <see cref="Listen(IPEndPoint, ZcrxListenOptions?)"/> does.</summary>
    /// <param name="endPoint">The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The connections.</returns>
    /// <exception cref="FormatException">The text is not an address with a port.</exception>
    public IObservable<ZcrxConnection> Listen(string endPoint, ZcrxListenOptions? options = null) => Listen(ListenEndPoint.Parse(endPoint), options);

    /// <summary>Accepts connections on a listening socket.</summary>
    /// <param name="listener">The non-blocking socket, as from <see cref="ListenSocket.Bind"/>, owned by the caller. The subscription
    /// duplicates its descriptor, so the port stays open until the subscription is disposed.</param>
    /// <param name="gate">The limits of the listener, which several queues may share; null for no limits.</param>
    /// <returns>
    /// The connections, from the subscription until its disposal. Connections accepted before the disposal are still delivered, followed by
    /// OnCompleted. The socket may then be closed.
    /// </returns>
    public IObservable<ZcrxConnection> Listen(Socket listener, ListenerGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(listener);
        SocketOwnership.ThrowIfNotTcp(listener, nameof(listener));
        return _listening.Listen(listener, gate);
    }

    /// <summary>Accepts connections on an address, and runs an asynchronous handler for each.</summary>
    /// <param name="endPoint">The address. Port 0 lets the kernel choose; see <see cref="ZcrxListener.EndPoint"/>.</param>
    /// <param name="handler">Handles one connection, on the thread pool; see <see cref="ZcrxConnection.HandleAsync"/>.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The listener. Disposing it stops accepting; connections stay open.</returns>
    /// <exception cref="ZcrxException">The address cannot be bound.</exception>
    public ZcrxListener Listen(IPEndPoint endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, ZcrxListenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(handler);
        return _listening.Listen(endPoint, handler, options ?? new ZcrxListenOptions());
    }

    /// <summary>Accepts connections on an address, and runs an asynchronous handler for each.</summary>
    /// <param name="endPoint">The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>. Port 0 lets the kernel
    /// choose; see <see cref="ZcrxListener.EndPoint"/>.</param>
    /// <param name="handler">Handles one connection, on the thread pool; see <see cref="ZcrxConnection.HandleAsync"/>.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The listener. Disposing it stops accepting; connections stay open.</returns>
    /// <exception cref="FormatException">The text is not an address with a port.</exception>
    /// <exception cref="ZcrxException">The address cannot be bound.</exception>
    public ZcrxListener Listen(string endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, ZcrxListenOptions? options = null) =>
        Listen(ListenEndPoint.Parse(endPoint), handler, options);

    /// <summary>Adds a connected TCP socket.</summary>
    /// <param name="socket">The socket, owned by the connection from now on. The connection closes this object and keeps a duplicate of
    /// its descriptor. No receive may be pending on the socket.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="ArgumentException">The socket is not a TCP socket.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed. The caller still owns the socket.</exception>
    public Task<ZcrxConnection> AttachAsync(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        SocketOwnership.ThrowIfNotTcp(socket, nameof(socket));
        return AttachToAsync();
        async Task<ZcrxConnection> AttachToAsync() => ZcrxConnection.Of(await _loop.AttachAsync(socket).ConfigureAwait(false));
    }

    /// <summary>Connects to a server and receives on the connection.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    public async Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Socket socket = SocketSettings.CreateOutgoing();
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return await AttachAsync(socket).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Changes options of the open queue: water marks, connection quota, largest pool, intervals, timeouts, the action for failed
    /// consumers, the bound for copied frame bytes and the descriptor reserve. The ring thread applies them between two turns. Other
    /// options require the queue to be opened again. The result names the changed options of both kinds.
    /// </summary>
    /// <param name="options">All options.</param>
    /// <returns>The names of the options that apply now, and of the others.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. Nothing has changed.</exception>
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
    /// <returns>A copy; empty once the queue is closed.</returns>
    public async Task<IReadOnlyList<ZcrxConnection>> GetConnectionsAsync() =>
        Array.ConvertAll(await _loop.GetConnectionsAsync().ConfigureAwait(false), ZcrxConnection.Of);

    /// <summary>Exports the queue. The export keeps the queue's registration alive even after this object has ended.
    /// <see cref="ImportAsync(ExportedQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/> opens it again.</summary>
    /// <returns>The export, owned by the caller. It keeps the memory and, on a NIC, the RX queue.</returns>
    /// <exception cref="ZcrxException">The kernel does not support exports (they need Linux 6.19), or refused.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public Task<ExportedQueue> ExportAsync() => _loop.ExportAsync();

    /// <summary>Returns the current counters.</summary>
    /// <returns>A snapshot; the last one once the queue is closed.</returns>
    public QueueStatistics Snapshot() => _loop.Snapshot();

    /// <summary>Returns the stack traces of unreleased leases; empty unless
    /// <see cref="ZcrxQueueOptions.RecordLeaseOrigins"/> is on.</summary>
    /// <returns>A stack trace for each lease.</returns>
    public IReadOnlyList<string> LeaseOrigins() => _loop.Queue.Ledger.Origins();

    /// <summary>Stops accepting, delivers the bytes that have arrived, then closes the connections and the queue.</summary>
    /// <param name="drain">The maximum time for the delivery. Streams that the peer has not ended then end with an error.</param>
    /// <returns>A task that ends when the queue is closed.</returns>
    public Task StopAsync(TimeSpan drain) => EndAsync(_loop.StopAsync(drain));

    private static async Task EndAsync(Task ended)
    {
        try
        {
            await ended.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Completion reports why the ring thread failed. Stopping has succeeded anyway.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>Ends the queue and suspends its connections, after delivering every byte that was taken from their sockets.</summary>
    /// <param name="drain">
    /// On a NIC, the maximum time for emptying the sockets. Payload in the memory of a NIC's queue is lost with the queue, and a stream
    /// whose next bytes lie there fails when it is resumed (−EFAULT). No effect without a NIC, where nothing is lost.
    /// </param>
    /// <returns>A task that ends when the queue is closed. Streams continue at the same position once a queue resumes them.
    /// Leases stay valid.</returns>
    /// <exception cref="InvalidOperationException">The queue was opened without suspended connections.</exception>
    public Task SuspendAsync(TimeSpan drain = default) => Suspended is null
        ? throw new InvalidOperationException("The queue was opened without ZcrxSuspendedConnections. Pass them to OpenAsync.")
        : EndAsync(_loop.SuspendAsync(drain));

    /// <summary>Closes the queue without draining.</summary>
    /// <returns>A task that ends when the queue is closed.</returns>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    internal QueueLoop Loop => _loop;

    /// <summary>Gets a value indicating whether this process has set the interface up for the queue.</summary>
    internal bool IsNicConfigured => _loop.Engine.Nic is not null;

    private ZcrxSuspendedConnections? Suspended { get; init; }

    /// <summary>Makes the ring thread fail with an exception, for tests of its supervisor.</summary>
    internal void Crash(Exception exception) => _loop.Post(() => throw exception);
}
