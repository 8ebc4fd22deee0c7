using System.Net;
using System.Net.Sockets;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Engines;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx;

/// <summary>Represents one interface queue with its ring thread: connections in, streams of borrowed buffers out.</summary>
/// <remarks>
/// <para>Use it by itself, without actors or hosting, or let <c>Zcrx.Actors</c> supervise it. Threading: all members from any thread;
/// what the observables publish comes on the ring's thread.</para>
/// <para>Ownership: the caller that opened it disposes it. That stops accepting, ends the connections and releases the ring; buffers still held
/// stay readable until their leases are released.</para>
/// </remarks>
public sealed class ZcrxQueue : IAsyncDisposable
{
    private readonly QueueLoop _loop;
    private readonly QueueEvents _events;
    private readonly ISubject<TimeSpan> _statisticsInterval;

    private ZcrxQueue(QueueLoop loop, QueueEvents events, ZcrxQueueOptions options)
    {
        _loop = loop;
        _events = events;
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

    /// <summary>The queue's name.</summary>
    public string Name { get; }

    /// <summary>The engine that receives, and why it was chosen.</summary>
    public EngineChoice Engine => _loop.Engine.Choice;

    /// <summary>The RX queue that it receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _loop.RxQueue;

    /// <summary>Gets the capabilities of the engine's kernel.</summary>
    public ZcrxCapabilities Capabilities => _loop.Engine.Capabilities;

    /// <summary>Ends when the queue has been closed; faults with the reason when its ring thread failed.</summary>
    public Task Completion => _loop.Ended;

    /// <summary>The pool's level: the present one at once, then every change. Completes with the queue.</summary>
    public IObservable<PoolPressure> Pressure => _events.Pressure;

    /// <summary>When the pool grew, or could not; see <see cref="ZcrxQueueOptions.MaxAreaSize"/>.</summary>
    public IObservable<PoolGrowth> Growth => _events.Growth;

    /// <summary>Gets the notifications of the kernel about the queue. They are hints: see <see cref="ZcrxNotification"/>.</summary>
    public IObservable<ZcrxNotification> Notifications => _events.Notifications;

    /// <summary>
    /// When the interface went up, down, or away. Up and down are only told. When it is removed, the queue ends: <see cref="Completion"/> faults with a
    /// <see cref="ZcrxDeviceException"/>. Silent without a NIC.
    /// </summary>
    public IObservable<LinkChange> Links => _events.Links;

    /// <summary>Gets samples of <see cref="Snapshot"/>. Each subscriber has a timer of its own; without one they cost nothing.</summary>
    public IObservable<QueueStatistics> Statistics { get; }

    /// <summary>
    /// Reports connections that stall, and the end of each stall. Without a subscriber, <see cref="QueueStatistics.StalledConnections"/> still counts them.
    /// Published on the ring thread.
    /// </summary>
    public IObservable<ReceiveStall> ReceiveStalls => _events.Stalls;

    /// <summary>Exceptions that observers threw and did not handle.</summary>
    public IObservable<ConsumerFault> ConsumerFaults => _events.Faults;

    /// <summary>Opens a queue: chooses the engine, sets up the ring and registers with the kernel.</summary>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>The open queue, owned by the caller.</returns>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; cause and fix are in the message.</exception>
    public static Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, CancellationToken cancellationToken = default) => OpenAsync(options, null, cancellationToken);

    /// <summary>Opens a queue whose connections another queue can resume when it ends.</summary>
    /// <param name="options">How.</param>
    /// <param name="suspended">Where its connections wait after a failure, or after <see cref="SuspendAsync"/>; stays the caller's. Null: they end with the queue.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>The open queue, owned by the caller. Connections that wait in <paramref name="suspended"/> are resumed by <see cref="ZcrxSuspendedConnections.ContinueOnAsync(ZcrxQueue)"/>.</returns>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; cause and fix are in the message.</exception>
    public static async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        cancellationToken.ThrowIfCancellationRequested();
        return await OpenAsync(options, QueueEngine.Choose(options), suspended, exported: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a queue that continues an exported one: the same memory and the same RX queue of a NIC, on a ring and a thread of its own.</summary>
    /// <param name="exported">The queue, from <see cref="ExportAsync"/>; stays the caller's, who can dispose it when this has ended.</param>
    /// <param name="options">How; its engine, interface and sizes are those that the queue was registered with, whatever is said here.</param>
    /// <param name="suspended">Where its connections wait when it ends, as with <see cref="OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>
    /// The open queue, owned by the caller. The one that was exported may have ended, or goes on for as long as it has connections (move them here with
    /// <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>): what its consumers give back goes to the kernel through this one, and what they keep from now on are copies.
    /// </returns>
    /// <remarks>Nothing is notified on such a queue, and it does not grow; <see cref="QueueStatistics.NoBuffersArmState"/> says so, and the counters are sampled as ever.</remarks>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The exported queue has been disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(ExportedQueue exported, ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(exported);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(exported, options, "the queue was registered before and is imported", suspended, cancellationToken).ConfigureAwait(false);
        Task switched = exported.Memory.SwitchToAsync(queue.Loop.Sharing);
        if (!exported.Memory.IsSharedWithProcess)
        {
            await switched.ConfigureAwait(false);
        }

        // Else another process may be the one that writes, for as long as it lives.
        return queue;
    }

    /// <summary>Opens a queue that continues one of another process: the same memory and the same RX queue of a NIC, which never closes in between.</summary>
    /// <param name="inherited">The queue, from <see cref="ZcrxTakeover.TakeQueue"/>; stays the caller's, who can dispose it when this has ended.</param>
    /// <param name="options">How; its engine, interface and sizes are those that the queue was registered with, whatever is said here.</param>
    /// <param name="suspended">Where its connections wait when it ends, as with <see cref="OpenAsync(ZcrxQueueOptions, ZcrxSuspendedConnections, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>
    /// The open queue, owned by the caller. The other process goes on receiving for its connections; the refill queue is written here from the moment on at which it has stopped
    /// doing so, which it does after <see cref="ZcrxTakeover.CommitAsync"/>.
    /// </returns>
    /// <remarks>Nothing is notified on such a queue, and it does not grow, as with an exported one.</remarks>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The queue has been disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(IncomingQueue inherited, ZcrxQueueOptions options, ZcrxSuspendedConnections? suspended = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inherited);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(inherited.Exported, options, "the queue comes from the process before this one", suspended, cancellationToken).ConfigureAwait(false);
        // Not awaited: the other process stops writing after the commit, and this one has to be ready before.
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

    /// <summary>Accepts connections on an address. Binds when subscribed to; one subscription per call.</summary>
    /// <param name="endPoint">Where; port 0 lets the kernel choose.</param>
    /// <returns>
    /// The connections. Errors of binding come as OnError, a <see cref="ZcrxException"/>. Disposing stops accepting; connections live on.
    /// Those that had been accepted by then are still delivered, and OnCompleted says when there will be no more.
    /// </returns>
    public IObservable<ZcrxConnection> Listen(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return new AcceptedConnections(observer =>
        {
            Socket socket;
            try
            {
                socket = ListenSocket.Bind(endPoint);
            }
            catch (ZcrxException exception)
            {
                observer.OnError(exception);
                return Disposable.Empty;
            }

            return Accept(socket, observer);
        });
    }

    /// <summary>Accepts connections on a socket that listens already.</summary>
    /// <param name="listener">The socket; stays the caller's. The subscription has a descriptor of its own, so the port stays open until it is disposed. Made by <see cref="ListenSocket.Bind"/> or like it: non-blocking.</param>
    /// <returns>
    /// The connections, from the subscription on until it is disposed. Those that had been accepted by then are still delivered, and
    /// OnCompleted says when there will be no more and the socket may be closed.
    /// </returns>
    public IObservable<ZcrxConnection> Listen(Socket listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        SocketOwnership.ThrowIfNotTcp(listener, nameof(listener));
        return new AcceptedConnections(observer =>
        {
            Socket own;
            try
            {
                own = SocketOwnership.Duplicate(listener);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or ZcrxException)
            {
                observer.OnError(exception);
                return Disposable.Empty;
            }

            return Accept(own, observer);
        });
    }

    /// <summary>Takes over a connected TCP socket.</summary>
    /// <param name="socket">The socket; owned by the connection from now on, which closes this object and keeps a descriptor of its own. Nothing may be receiving on it.</param>
    /// <returns>Its connection.</returns>
    /// <exception cref="ArgumentException">It is not a TCP socket.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed; the socket stays the caller's.</exception>
    public Task<ZcrxConnection> AttachAsync(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        SocketOwnership.ThrowIfNotTcp(socket, nameof(socket));
        return AttachToAsync();
        async Task<ZcrxConnection> AttachToAsync() => ZcrxConnection.Of(await _loop.AttachAsync(socket).ConfigureAwait(false));
    }

    /// <summary>Connects to a server whose answers are to be received here.</summary>
    /// <param name="endPoint">The server.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    public async Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
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
    /// Changes options of the open queue: water marks, connection quota, largest pool, the intervals of notifications and statistics. The ring's
    /// thread takes them over between two turns. Others need a queue that is opened again, and are named.
    /// </summary>
    /// <param name="options">All options, as they should be.</param>
    /// <returns>What applies now, and what does not.</returns>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing has changed.</exception>
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

    /// <summary>The connections that the queue receives for at this moment.</summary>
    /// <returns>A copy; empty once the queue has been closed.</returns>
    public async Task<IReadOnlyList<ZcrxConnection>> GetConnectionsAsync() =>
        Array.ConvertAll(await _loop.GetConnectionsAsync().ConfigureAwait(false), ZcrxConnection.Of);

    /// <summary>Exports the queue: it stays what it is for as long as the export is held, even when this object has ended, however that came about, and can be opened again with <see cref="ImportAsync(ExportedQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>.</summary>
    /// <returns>The export, owned by the caller. It keeps the memory and, on a NIC, the RX queue.</returns>
    /// <exception cref="ZcrxException">The kernel cannot (Linux 6.19), or refused.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public Task<ExportedQueue> ExportAsync() => _loop.ExportAsync();

    /// <summary>The counters, now.</summary>
    /// <returns>A snapshot; the last one once the queue has been closed.</returns>
    public QueueStatistics Snapshot() => _loop.Snapshot();

    /// <summary>Returns where unreleased leases were taken; empty unless <see cref="ZcrxQueueOptions.RecordLeaseOrigins"/> is on.</summary>
    /// <returns>A stack trace per kept buffer.</returns>
    public IReadOnlyList<string> LeaseOrigins() => _loop.Queue.Ledger.Origins();

    /// <summary>Stops accepting, delivers what has arrived, then closes the connections and the queue.</summary>
    /// <param name="drain">How long delivering may take. Streams that the peer had not ended get an error.</param>
    /// <returns>A task that ends when everything is closed.</returns>
    public Task StopAsync(TimeSpan drain) => EndAsync(_loop.StopAsync(drain));

    private static async Task EndAsync(Task ended)
    {
        try
        {
            await ended.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Why the loop failed is what Completion tells; stopping has succeeded all the same.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>Ends the queue and keeps its connections: delivers every byte that was taken from their sockets, and leaves them waiting in the suspended.</summary>
    /// <param name="drain">
    /// On a NIC: how long to go on receiving until the sockets are empty. Payload that lies in the memory of a NIC's queue goes with that queue; a stream whose
    /// next bytes went so is told when it should go on (−EFAULT). Of no effect without a NIC, where nothing is lost.
    /// </param>
    /// <returns>A task that ends when the queue is closed. Streams go on where they were once a queue takes them from there; leases stay what they are.</returns>
    /// <exception cref="InvalidOperationException">The queue was opened without a suspended.</exception>
    public Task SuspendAsync(TimeSpan drain = default) => Suspended is null
        ? throw new InvalidOperationException("The queue was opened without a suspended, so its connections have nowhere to wait.")
        : EndAsync(_loop.SuspendAsync(drain));

    /// <summary>Closes the queue without draining.</summary>
    /// <returns>A task that ends when everything is closed.</returns>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    internal QueueLoop Loop => _loop;

    /// <summary>Gets a value indicating whether this process has set the interface up for it.</summary>
    internal bool IsNicConfigured => _loop.Engine.Nic is not null;

    private ZcrxSuspendedConnections? Suspended { get; init; }

    /// <summary>Makes the ring thread fail with an exception. For tests of its supervisor.</summary>
    internal void Crash(Exception exception) => _loop.Post(() => throw exception);

    private IDisposable Accept(Socket socket, IObserver<ZcrxConnection> observer)
    {
        IDisposable port = Disposable.Empty;
        try
        {
            // Before anything is accepted: a connection arrives where the rules were when it began.
            port = _loop.Engine.Nic?.ClaimPort((IPEndPoint)socket.LocalEndPoint!) ?? port;
        }
        catch (ZcrxException exception)
        {
            socket.Dispose();
            observer.OnError(exception);
            return Disposable.Empty;
        }

        ListenerEntry entry = new(socket, new AcceptObserver(observer));
        _loop.AddListener(entry);
        return Disposable.Create((_loop, entry, port), static state =>
        {
            state._loop.RemoveListener(state.entry);
            state.port.Dispose();
        });
    }
}
