using System.Net;
using System.Net.Sockets;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Loop;
using Zcrx.Rx.Queues;

namespace Zcrx.Rx;

/// <summary>One interface queue with its ring thread: connections in, streams of borrowed buffers out.</summary>
/// <remarks>
/// <para>Use it by itself, without actors or hosting, or let <c>Zcrx.Actors</c> supervise it. Threading: all members from any thread;
/// what the observables publish comes on the ring's thread.</para>
/// <para>Ownership: whoever opened it disposes it. That stops accepting, ends the connections and releases the ring; buffers still held
/// stay readable until their leases are released.</para>
/// </remarks>
public sealed partial class ZcrxQueue : IAsyncDisposable
{
    private readonly ReceiveLoop _loop;
    private readonly LoopEvents _events;
    private readonly ISubject<TimeSpan> _statisticsInterval;

    private ZcrxQueue(ReceiveLoop loop, LoopEvents events, ZcrxQueueOptions options, ZcrxCapabilities capabilities)
    {
        _loop = loop;
        _events = events;
        Name = options.Name;
        Capabilities = capabilities;
        _statisticsInterval = Subject.Synchronize(new BehaviorSubject<TimeSpan>(options.StatisticsInterval));
        Statistics = _statisticsInterval
            .DistinctUntilChanged()
            .Select(static interval => Observable.Interval(interval))
            .Switch()
            .Select(_ => Snapshot())
            .TakeUntil(Observable.FromAsync(() => _loop.Ended.ContinueWith(static _ => { }, TaskScheduler.Default)))
            .Publish()
            .RefCount();
    }

    /// <summary>The queue's name.</summary>
    public string Name { get; }

    /// <summary>The engine that receives, and why it was chosen.</summary>
    public EngineChoice Engine => _loop.Engine;

    /// <summary>The RX queue that it receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _loop.RxQueue;

    /// <summary>What the engine's kernel can do.</summary>
    public ZcrxCapabilities Capabilities { get; }

    /// <summary>Ends when the queue has been closed; faults with the reason when its ring thread failed.</summary>
    public Task Completion => _loop.Ended;

    /// <summary>The pool's level: the present one at once, then every change. Completes with the queue.</summary>
    public IObservable<PoolPressure> Pressure => _events.Pressure;

    /// <summary>When the pool grew, or could not; see <see cref="ZcrxQueueOptions.MaxAreaSize"/>.</summary>
    public IObservable<PoolGrowth> Growth => _events.Growth;

    /// <summary>What the kernel tells about the queue. Hints only: see <see cref="ZcrxNotification"/>.</summary>
    public IObservable<ZcrxNotification> Notifications => _events.Notifications;

    /// <summary>
    /// When the interface went up, down, or away. Up and down are only told. When it is removed, the queue ends: <see cref="Completion"/> faults with a
    /// <see cref="ZcrxDeviceException"/>. Silent without a NIC.
    /// </summary>
    public IObservable<LinkChange> Links => _events.Links;

    /// <summary>Samples of <see cref="Snapshot"/>, while somebody subscribes; costs nothing otherwise.</summary>
    public IObservable<QueueStatistics> Statistics { get; }

    /// <summary>
    /// Reports connections that stall, and the end of each stall. Without a subscriber, <see cref="QueueStatistics.StalledConnections"/> still counts them.
    /// Published on the ring thread.
    /// </summary>
    public IObservable<ReceiveStall> ReceiveStalls => _events.Stalls;

    /// <summary>Exceptions that observers threw and did not handle.</summary>
    public IObservable<ConsumerFault> ConsumerFaults => _events.Faults;

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

            return Accept(new ListenerEntry(socket, observer));
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

            return Accept(new ListenerEntry(own, observer));
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
        return _loop.AttachAsync(socket);
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
    public Task<IReadOnlyList<ZcrxConnection>> GetConnectionsAsync() => _loop.GetConnectionsAsync();

    /// <summary>Exports the queue: it stays what it is for as long as the export is held, even when this object has ended, however that came about, and can be opened again with <see cref="ImportAsync(ExportedQueue, ZcrxQueueOptions, ConnectionParking?, CancellationToken)"/>.</summary>
    /// <returns>The export, owned by the caller. It keeps the memory and, on a NIC, the RX queue.</returns>
    /// <exception cref="ZcrxException">The kernel cannot (Linux 6.19), or refused.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public Task<ExportedQueue> ExportAsync() => _loop.ExportAsync();

    /// <summary>The counters, now.</summary>
    /// <returns>A snapshot; the last one once the queue has been closed.</returns>
    public QueueStatistics Snapshot()
    {
        LoopCounters counters = _loop.Counters;
        CopyStatistics copies = _loop.ReadCopies();
        (ArmState noBuffers, ArmState copy) = _loop.ArmStates;
        return new QueueStatistics
        {
            Queue = Name,
            BytesReceived = counters.Bytes,
            BuffersReceived = counters.Buffers,
            CopiedFragments = (long)copies.Fragments,
            CopiedBytes = (long)copies.Bytes,
            Buffers = _loop.Queue.Buffers,
            BuffersOut = _loop.Queue.Ledger.Kept,
            KeptCopies = _loop.Queue.Ledger.Copies,
            RefillDepth = (int)counters.RefillDepth,
            Flushes = counters.Flushes,
            Rearms = counters.Rearms,
            Pauses = counters.Pauses,
            PausedConnections = (int)counters.PausedConnections,
            CompletionOverflows = counters.Overflows,
            ReceiveStalls = counters.Stalls,
            StalledConnections = (int)counters.StalledConnections,
            UnobservedConnections = (int)counters.UnobservedConnections,
            NoBuffersNotifications = counters.NoBuffersNotifications,
            CopyNotifications = counters.CopyNotifications,
            Connections = (int)counters.Connections,
            ConnectionsOpened = counters.ConnectionsOpened,
            ConnectionsMovedIn = counters.ConnectionsMovedIn,
            Pressure = _loop.PressureLevel,
            TimeUnderPressure = TimeUnderPressure(counters),
            NoBuffersArmState = noBuffers,
            CopyArmState = copy,
        };
    }

    /// <summary>Where leases that are out were taken; empty unless <see cref="ZcrxQueueOptions.RecordLeaseOrigins"/> is on.</summary>
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

    /// <summary>Ends the queue and keeps its connections: delivers every byte that was taken from their sockets, and leaves them waiting in the parking.</summary>
    /// <param name="drain">
    /// On a NIC: how long to go on receiving until the sockets are empty. Payload that lies in the memory of a NIC's queue goes with that queue; a stream whose
    /// next bytes went so is told when it should go on (−EFAULT). Of no effect without a NIC, where nothing is lost.
    /// </param>
    /// <returns>A task that ends when the queue is closed. Streams go on where they were once a queue takes them from there; leases stay what they are.</returns>
    /// <exception cref="InvalidOperationException">The queue was opened without a parking.</exception>
    public Task ParkAsync(TimeSpan drain = default) => _loop.Parking is null
        ? throw new InvalidOperationException("The queue was opened without a parking, so its connections have nowhere to wait.")
        : EndAsync(_loop.ParkAsync(drain));

    /// <summary>Closes the queue without draining.</summary>
    /// <returns>A task that ends when everything is closed.</returns>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    internal ReceiveLoop Loop => _loop;

    /// <summary>Whether this process has set the interface up for it.</summary>
    internal bool IsNicConfigured => Nic is not null;

    private NicConfiguration? Nic { get; init; }

    /// <summary>Ends the ring's thread with an exception, as a fault of its own would. For tests of whoever supervises it.</summary>
    internal void Crash(Exception exception) => _loop.Post(() => throw exception);

    private TimeSpan TimeUnderPressure(LoopCounters counters)
    {
        TimeProvider time = _loop.Options.TimeProvider;
        long ticks = counters.PressureTicks;
        if (counters.PressureSince is var since and not 0)
        {
            ticks += time.GetTimestamp() - since;
        }

        return TimeSpan.FromSeconds((double)ticks / time.TimestampFrequency);
    }

    private IDisposable Accept(ListenerEntry entry)
    {
        IDisposable port = Disposable.Empty;
        try
        {
            // Before anybody is accepted: a connection arrives where the rules were when it began.
            port = Nic?.ClaimPort((IPEndPoint)entry.Socket.LocalEndPoint!) ?? port;
        }
        catch (ZcrxException exception)
        {
            entry.Socket.Dispose();
            entry.Observer.OnError(exception);
            return Disposable.Empty;
        }

        _loop.AddListener(entry);
        return Disposable.Create((_loop, entry, port), static state =>
        {
            state._loop.RemoveListener(state.entry);
            state.port.Dispose();
        });
    }
}
