using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Engines;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Options;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Drives the components of one interface queue. Defines the order of a turn of the ring thread, and passes requests of other
/// threads to the ring thread.</summary>
/// <remarks>The order matters: buffers return before receives are armed, moves complete after that, and the pressure level is known before
/// the thread sleeps.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The event's wait handle is never used, so there is nothing to dispose, and an end may be requested late.")]
internal sealed class QueueLoop : IRingTurn
{
    private readonly QueueEngine _engine;
    private readonly QueueEvents _events;
    private readonly QueueContext _context;
    private readonly ExportedQueue? _exported;
    private readonly RingThread _thread;
    private readonly RingSpin _spin;
    private readonly ManualResetEventSlim _endRequested = new();
    private readonly TaskCompletionSource<QueueAbandonment> _abandonment = new(Threads.ContinuationOptions);
    private readonly TaskCompletionSource<int> _missedObservers = new(Threads.ContinuationOptions);
    private InterfaceQueue? _queue;
    private QueueOwners? _owners;
    private IDisposable? _linkWatch;
    // Keeps the export's descriptor open until the import has ended.
    private ExportedQueue.Reference? _importing;
    private volatile bool _isStuck;

    /// <param name="options">The options.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="events">Publishes events.</param>
    /// <param name="suspended">The owner of suspended connections; null when connections end with their queue.</param>
    /// <param name="exported">The queue to import; null to register one.</param>
    public QueueLoop(ZcrxQueueOptions options, QueueEngine engine, QueueEvents events, SuspendedConnectionOwner? suspended, ExportedQueue? exported)
    {
        _engine = engine;
        _events = events;
        _exported = exported;
        _context = new QueueContext(new CurrentOptions(options), new RingClock(options.TimeProvider), new QueueCounters(), engine.IsOnNic);
        IoRingOptions ring = new()
        {
            SubmissionEntries = (uint)options.SubmissionEntries,
            CompletionEntries = (uint)options.CompletionEntries,
            BusyPoll = options.BusyPoll,
            PreferBusyPoll = options.PreferBusyPoll,
        };
        // Without a real NIC, the kernel does not poll, and a poll that waits would sleep.
        TimeSpan nicPoll = engine.Choice.Engine == ZcrxEngine.Nic ? options.BusyPoll : TimeSpan.Zero;
        _spin = new RingSpin(_context.Clock, options.SpinSlots, options.SpinBeforeSleep, nicPoll);
        _thread = new RingThread(options.Name, engine.Kernel, ring, _context.Clock, _context.Heartbeat, _spin, this);
        Host = new ConnectionHost(_thread, suspended, _context.Options, events, engine.IsOnNic ? new RxQueueId(options.Interface!, options.RxQueue) : null);
    }

    public QueueEngine Engine => _engine;

    /// <summary>Gets the current options.</summary>
    public ZcrxQueueOptions Options => _context.Options.Value;

    public QueueCounters Counters => _context.Counters;

    /// <summary>Gets the queue as its connections see it.</summary>
    public ConnectionHost Host { get; }

    /// <summary>Gets a task that ends when the ring thread has ended; faulted when it failed.</summary>
    public Task Ended => _thread.Ended;

    /// <summary>Gets the registered queue. Valid once the queue is open.</summary>
    public InterfaceQueue Queue => _queue!;

    /// <summary>Gets the component that writes the refill queue. Valid once the queue is open.</summary>
    public PoolSharing Sharing => Owners.Sharing;

    /// <summary>Gets the buffers. Valid once the queue is open. Ring thread only.</summary>
    internal BufferPool Pool => Owners.Pool;

    /// <summary>Gets a value indicating whether accepting has stopped because the process has too few free descriptors.</summary>
    public bool AwaitsDescriptors => Owners.Descriptors.IsHolding;

    public PoolPressureLevel PressureLevel => Owners.Pool.Record.Level;

    /// <summary>Gets the number of turns of the ring thread.</summary>
    public long Turns => _context.Heartbeat.Turn;

    /// <summary>Gets the facts that the ring thread publishes about its turns.</summary>
    public RingHeartbeat Heartbeat => _context.Heartbeat;

    /// <summary>Gets the time that the ring thread has polled before it slept.</summary>
    public TimeSpan SpinTime => _spin.Time;

    /// <summary>Gets the number of buffers that only connections without leases may take.</summary>
    public int Reserve => Owners.Pool.Reserve;

    /// <summary>Gets the time above <see cref="PoolPressureLevel.Normal"/>.</summary>
    public TimeSpan TimeUnderPressure => _context.Clock.ToSpan(Owners.Pool.Record.TicksUnderPressure(() => _context.Clock.Now));

    public (ArmState NoBuffers, ArmState Copies) ArmStates => Owners.Notifications.States;

    /// <summary>Gets the RX queue that the queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => Host.RxQueue;

    /// <summary>Gets or sets the component that moves stranded connections. Valid once the queue is open.</summary>
    public IStrandedConnections? Rescuer { get => Owners.Scheduler.Rescuer; set => Owners.Scheduler.Rescuer = value; }

    /// <summary>Gets the ring's descriptor, for tests that close it. Ring thread only.</summary>
    internal int RingDescriptor => _thread.RingDescriptor;

    bool IRingTurn.MayBlock => !Host.HasChanges && !Owners.Scheduler.HasQueued && Owners.Pool.TryPrepareToSleep(Owners.Scheduler.AwaitsBuffers || Owners.Phase.IsEnding);

    /// <summary>Gets the owners on the ring thread. Valid once the queue is open. Ring thread only.</summary>
    internal QueueOwners Owners => _owners!;

    /// <summary>Starts the ring thread, and waits until the queue is registered.</summary>
    /// <param name="cancellationToken">Cancels the wait. If the queue is registered afterwards, it is closed again.</param>
    /// <exception cref="ZcrxException">The kernel refused.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        // A caller that stops waiting may dispose the export before it is imported.
        _importing = _exported?.AddReference();
        Task opened;
        try
        {
            opened = _thread.StartAsync();
        }
        catch
        {
            // No thread was started, so this method disposes the reference.
            _importing?.Dispose();
            throw;
        }

        try
        {
            await opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = StopAsync(TimeSpan.Zero);
            throw;
        }
    }

    /// <summary>Returns the counters, also after the queue has ended.</summary>
    public QueueStatistics Snapshot() => StatisticsReader.Read(this);

    /// <inheritdoc cref="RingThread.Post"/>
    public void Post(Action work, Action? refuse = null) => _thread.Post(work, refuse);

    /// <summary>Accepts on a socket until the entry is removed.</summary>
    public void AddListener(ListenerEntry listener) => Post(() => Owners.Listeners.Add(listener), () => Listeners.Conclude(listener, null, _events));

    /// <summary>Stops accepting, and closes the entry's socket.</summary>
    public void RemoveListener(ListenerEntry listener) => Post(() => Owners.Listeners.Remove(listener));

    /// <summary>Adds a connected socket.</summary>
    public Task<ConnectionReceiver> AttachAsync(Socket socket) => _thread.InvokeAsync(
        () => Attach(socket),
        static () => throw new ObjectDisposedException(nameof(ZcrxQueue), "The queue has been closed."),
        reportsFailure: true);

    /// <summary>Returns the current connections; none when the ring thread has ended.</summary>
    public Task<ConnectionReceiver[]> GetConnectionsAsync() => _thread.InvokeAsync(Owners.Table.Snapshot, static () => []);

    /// <summary>Exports the queue.</summary>
    public Task<ExportedQueue> ExportAsync() => _thread.InvokeAsync(
        () => Queue.Export(),
        static () => throw new ObjectDisposedException(nameof(ZcrxQueue), "The queue has been closed."),
        reportsFailure: true);

    /// <summary>Applies options that can change while the queue is open.</summary>
    /// <returns>False when the queue is closed.</returns>
    public Task<bool> ReconfigureAsync(ZcrxQueueOptions options) => _thread.InvokeAsync(
        () =>
        {
            ZcrxQueueOptions before = Options;
            ZcrxQueueOptions after = LiveOptions.Apply(before, options);
            _context.Options.Value = after;
            Owners.Pool.Reconfigure(before, after);
            Owners.Notifications.SetInterval(after.NotificationInterval);
            if (after.SpinBeforeSleep != before.SpinBeforeSleep)
            {
                _spin.SetLimit(after.SpinBeforeSleep);
            }

            Owners.Scheduler.WatchPool();
            return true;
        },
        static () => false);

    /// <summary>Stops accepting, delivers the bytes that have arrived, then closes everything.</summary>
    /// <param name="drain">The maximum time for the delivery. With zero, nothing more is delivered.</param>
    public Task StopAsync(TimeSpan drain)
    {
        _endRequested.Set();
        Post(() => Owners.Stop.BeginStop(drain));
        return Ended;
    }

    /// <summary>Gets the current activity of the ring thread. Thread-safe.</summary>
    public QueueActivity Activity
    {
        get
        {
            RingHeartbeat heartbeat = _context.Heartbeat;
            ZcrxConnection? connection = heartbeat.Subject is ConnectionReceiver receiver ? ZcrxConnection.Of(receiver) : null;
            return new QueueActivity(heartbeat.Turn, heartbeat.BusyFor, heartbeat.Callback, connection);
        }
    }

    /// <summary>Gets or sets a value indicating whether the ring thread is stuck. A stuck queue gets no connections. Set by the
    /// component that watches the queue.</summary>
    public bool IsStuck { get => _isStuck; set => _isStuck = value; }

    /// <summary>Abandons the stuck ring thread, and ends its connections with an error. Thread-safe.</summary>
    /// <returns>False when the thread has ended, or has already been abandoned.</returns>
    public bool Abandon()
    {
        QueueActivity activity = Activity;
        string cause = $"its queue was abandoned, because the ring thread had been stuck for {activity.BusyFor.TotalSeconds:F1} s {activity.Place}";
        ZcrxException error = new($"Receiving on the queue {Options.Name}", 0, cause, "Do not block in OnNext: use Process or Offload for work that waits");
        // Created first, because the constructor reads which connection is stuck.
        QueueAbandonment? abandonment = _owners is { } owners ? new QueueAbandonment(Options.Name, owners, _context.Heartbeat, cause) : null;
        if (!_thread.TryAbandon(error))
        {
            return false;
        }

        _linkWatch?.Dispose();
        if (abandonment is not null)
        {
            abandonment.Run();
            _abandonment.TrySetResult(abandonment);
        }

        _ = ConcludeAbandonedAsync(abandonment);
        return true;
    }

    /// <summary>
    /// Gets a task whose result is the number of observers that have not returned in time after they received the end of an abandoned
    /// queue. If the queue is never abandoned, the task never completes.
    /// </summary>
    public Task<int> MissedObservers => _missedObservers.Task;

    /// <summary>Stops accepting, delivers the bytes that the kernel has taken from the sockets, then suspends the connections.</summary>
    public Task SuspendAsync(TimeSpan drain)
    {
        _endRequested.Set();
        Post(() => Owners.Stop.BeginSuspension(drain));
        return Ended;
    }

    void IRingTurn.Open(RingRequests requests)
    {
        try
        {
            QueueRegistration registration = new(Options, _engine, _context.Clock, _endRequested, _thread.SignalWake);
            _queue = _exported is null ? registration.Register(requests.Ring) : registration.Import(requests.Ring, _exported);
        }
        finally
        {
            _importing?.Dispose();
        }

        _owners = new QueueOwners(_thread, requests, _queue, _engine, Host, _events, _context, isImported: _exported is not null);
        Host.Attach(_owners.Mover);
        if (_exported is null)
        {
            _queue.Memory.Register(_owners.Sharing);
        }

        Host.Batch = SendBatch.TryCreate(_engine.CreateSendRing);
        _linkWatch = _engine.WatchLink(new LinkReports(_events, Options.RxQueue, _thread).OnChanged);
        _owners.Pool.PublishFirstLevel();
    }

    void IRingTurn.Prepare()
    {
        QueueOwners owners = Owners;
        if (!owners.Turn.IsAbandoned)
        {
            // Handlers on the ring thread have sent as posted work. Connections are closed and moved below, after their sends.
            Host.Batch?.EndTurn();
        }

        Host.TakeChanges();
        if (owners.Turn.IsAbandoned)
        {
            // A callback has returned after its queue was abandoned. Nothing is to be received any more.
            return;
        }

        owners.Sharing.TakeReturned();
        owners.Scheduler.WatchPool();
        owners.Scheduler.ArmReceives();
        owners.Mover.CompleteMoves();
        if (owners.Pool.HasChanged)
        {
            // A connection was paused, or a move has returned buffers. The pressure level must reflect this before the thread sleeps.
            owners.Scheduler.WatchPool();
        }

        // Moves and a rising level return buffers of incomplete frames.
        owners.Sharing.PassOn();

        owners.Pool.Trim(_context.Clock.TurnStart);
        owners.Listeners.Arm();
        owners.Notifications.Rearm();
    }

    bool IRingTurn.IsFinished()
    {
        if (Owners.Turn.IsAbandoned)
        {
            return true;
        }

        Owners.Watch.Check();
        Owners.Limits.Flush();
        return Owners.Stop.Advance();
    }

    long IRingTurn.NextDue()
    {
        QueueOwners owners = Owners;
        long due = long.Min(owners.Notifications.Due, owners.Listeners.Due);
        due = long.Min(due, long.Min(owners.Scheduler.Due, owners.Watch.Due));
        due = long.Min(due, long.Min(owners.Limits.Due, owners.Sockets.Due));
        due = long.Min(due, owners.Pool.TrimDue);
        return long.Min(due, owners.Phase.Due(_context.Clock.TurnStart));
    }

    void IRingTurn.Complete()
    {
        Owners.Pool.Ledger.Awake();
        Host.Batch?.BeginTurn();
        Owners.Completions.HandleAll();
        if (!Owners.Turn.IsAbandoned)
        {
            Owners.TurnLength.Observe(Owners.Turn.Received.Count > 0, Host.Scheduled);
            Owners.Scheduler.AfterTurn();
            Host.Batch?.Flush();
        }
    }

    void IRingTurn.TearDown(Exception? crash)
    {
        Host.Batch?.EndTurn();
        Owners.Stop.TearDown(crash, _thread.CloseRing);
    }

    void IRingTurn.Release()
    {
        _importing?.Dispose();
        _linkWatch?.Dispose();
        _owners?.Sharing.Leave();
        _thread.StopTakingWork();
        Host.Batch?.Dispose();
        _queue?.Dispose();
        // Disposed after the queue, which needs header/data split until it is closed.
        _engine.Nic?.Dispose();
    }

    void IRingTurn.OnEnded() => Host.ForwardChanges();

    void IRingTurn.EndAbandoned()
    {
        Host.Batch?.Dispose();
        Owners.Stop.EndAbandoned(_thread.CloseRing);
        _ = CloseAbandonedSocketsAsync();
    }

    void IRingTurn.Conclude() => _events.Complete();

    private async Task ConcludeAbandonedAsync(QueueAbandonment? abandonment)
    {
        int missed = abandonment is null ? 0 : await abandonment.CompleteAsync().ConfigureAwait(false);
        // The events of the queue complete last, so that a fault of an observer of an abandoned stream is still published.
        _events.Complete();
        _missedObservers.TrySetResult(missed);
    }

    private async Task CloseAbandonedSocketsAsync()
    {
        // The thread that abandons this one may not have ended the connections yet.
        QueueAbandonment abandonment = await _abandonment.Task.ConfigureAwait(false);
        await abandonment.CloseSocketsAsync().ConfigureAwait(false);
    }

    private ConnectionReceiver Attach(Socket socket)
    {
        if (Owners.Phase.IsEnding)
        {
            throw new ObjectDisposedException(nameof(ZcrxQueue), "The queue is being closed.");
        }

        ConnectionReceiver connection = Owners.Connections.Add(SocketOwnership.Duplicate(socket));
        // The application's descriptor is closed, so that the application cannot use the socket.
        socket.Dispose();
        connection.IsAttached = true;
        Owners.Scheduler.Reconcile(connection);
        return connection;
    }
}
