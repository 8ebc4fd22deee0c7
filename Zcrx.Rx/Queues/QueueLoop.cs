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

/// <summary>Drives the components of one interface queue. Defines the order of steps in a turn of the ring thread, and passes requests of
/// other threads to it.</summary>
/// <remarks>In each turn, buffers return first. Then receives are armed and moves complete. The pressure level is updated before the thread
/// sleeps.</remarks>
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
    // A reference that keeps the export's descriptor open until the import has ended.
    private ExportedQueue.Reference? _importing;
    private volatile bool _isStuck;

    /// <param name="options">The options of the queue.</param>
    /// <param name="engine">The engine, which gives access to the kernel.</param>
    /// <param name="events">Publishes the events of the queue.</param>
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
        // Only a real NIC lets the kernel poll for packets. In other cases, a waiting poll would just sleep.
        TimeSpan nicPoll = engine.Choice.Engine == ZcrxEngine.Nic ? options.BusyPoll : TimeSpan.Zero;
        _spin = new RingSpin(_context.Clock, options.SpinSlots, options.SpinBeforeSleep, nicPoll)
        {
            FewCompletions = RingSpin.FewBuffers(options.BufferLength == 0 ? Environment.SystemPageSize : options.BufferLength),
        };
        _thread = new RingThread(options.Name, engine.Kernel, ring, _context.Clock, _context.Heartbeat, _spin, this);
        Host = new ConnectionHost(_thread, suspended, _context.Options, events, engine.IsOnNic ? new RxQueueId(options.Interface!, options.RxQueue) : null);
    }

    public QueueEngine Engine => _engine;

    /// <summary>Gets the current options.</summary>
    public ZcrxQueueOptions Options => _context.Options.Value;

    public QueueCounters Counters => _context.Counters;

    /// <summary>Gets the object through which connections access the queue.</summary>
    public ConnectionHost Host { get; }

    /// <summary>Gets a task that completes when the ring thread has ended. It faults when the ring thread has failed.</summary>
    public Task Ended => _thread.Ended;

    /// <summary>Gets the interface queue that is registered with the kernel. Valid once the queue is open.</summary>
    public InterfaceQueue Queue => _queue!;

    /// <summary>Gets the component that writes the refill queue. Valid once the queue is open.</summary>
    public PoolSharing Sharing => Owners.Sharing;

    /// <summary>Gets the buffer pool. Valid once the queue is open. Ring thread only.</summary>
    internal BufferPool Pool => Owners.Pool;

    /// <summary>Gets a value indicating whether accepting has stopped because the process has too few free descriptors.</summary>
    public bool AwaitsDescriptors => Owners.Descriptors.IsHolding;

    public PoolPressureLevel PressureLevel => Owners.Pool.Record.Level;

    /// <summary>Gets the number of turns that the ring thread has begun.</summary>
    public long Turns => _context.Heartbeat.Turn;

    /// <summary>Gets what the ring thread publishes about its progress.</summary>
    public RingHeartbeat Heartbeat => _context.Heartbeat;

    /// <summary>Gets the total time for which the ring thread has polled before it slept.</summary>
    public TimeSpan SpinTime => _spin.Time;

    /// <summary>Gets the number of buffers that only connections without leases may take.</summary>
    public int Reserve => Owners.Pool.Reserve;

    /// <summary>Gets the total time that the pool has spent above <see cref="PoolPressureLevel.Normal"/>.</summary>
    public TimeSpan TimeUnderPressure => _context.Clock.ToSpan(Owners.Pool.Record.TicksUnderPressure(() => _context.Clock.Now));

    public (ArmState NoBuffers, ArmState Copies) ArmStates => Owners.Notifications.States;

    /// <summary>Gets the RX queue that the queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => Host.RxQueue;

    /// <summary>Gets or sets the component that finds other queues for stranded connections. Valid once the queue is open.</summary>
    public IStrandedConnections? Rescuer { get => Owners.Scheduler.Rescuer; set => Owners.Scheduler.Rescuer = value; }

    /// <summary>Gets the ring's descriptor, for tests that close it. Ring thread only.</summary>
    internal int RingDescriptor => _thread.RingDescriptor;

    bool IRingTurn.MayBlock => !Host.HasChanges && !Owners.Scheduler.HasQueued && Owners.Pool.TryPrepareToSleep(Owners.Scheduler.AwaitsBuffers || Owners.Phase.IsEnding);

    /// <summary>Gets the components of the queue. Valid once the queue is open. Ring thread only.</summary>
    internal QueueOwners Owners => _owners!;

    /// <summary>Starts the ring thread, and waits until the queue is registered.</summary>
    /// <param name="cancellationToken">Cancels the wait. If the queue is registered afterwards, it is closed again.</param>
    /// <exception cref="ZcrxException">The kernel refused to register the queue.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        // The reference is needed because a caller that cancels may dispose the export before the ring thread has imported it.
        _importing = _exported?.AddReference();
        Task opened;
        try
        {
            opened = _thread.StartAsync();
        }
        catch
        {
            // The ring thread disposes the reference, but it was not started.
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

    /// <summary>Returns the current counters. After the queue has ended, returns the last ones.</summary>
    public QueueStatistics Snapshot() => StatisticsReader.Read(this);

    /// <inheritdoc cref="RingThread.Post"/>
    public void Post(Action work, Action? refuse = null) => _thread.Post(work, refuse);

    /// <summary>Accepts connections on a listener's socket until the listener is removed.</summary>
    public void AddListener(ListenerEntry listener) => Post(() => Owners.Listeners.Add(listener), () => Listeners.Conclude(listener, null, _events));

    /// <summary>Stops accepting on a listener's socket and closes the socket.</summary>
    public void RemoveListener(ListenerEntry listener) => Post(() => Owners.Listeners.Remove(listener));

    /// <summary>Adds a connection for a connected socket of the application.</summary>
    public Task<ConnectionReceiver> AttachAsync(Socket socket) => _thread.InvokeAsync(
        () => Attach(socket),
        static () => throw new ObjectDisposedException(nameof(ZcrxQueue), "The queue has been closed."),
        reportsFailure: true);

    /// <summary>Returns the current connections; empty when the ring thread has ended.</summary>
    public Task<ConnectionReceiver[]> GetConnectionsAsync() => _thread.InvokeAsync(Owners.Table.Snapshot, static () => []);

    /// <summary>Exports the queue, so that another ring can continue it.</summary>
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

    /// <summary>Stops accepting, delivers the bytes that have arrived, then closes the connections and the queue.</summary>
    /// <param name="drain">The time limit for the delivery. With zero, nothing more is delivered.</param>
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

    /// <summary>Gets or sets a value indicating whether the ring thread is stuck. No connections are moved to a stuck queue. The queue's
    /// watchdog sets it.</summary>
    public bool IsStuck { get => _isStuck; set => _isStuck = value; }

    /// <summary>Abandons the stuck ring thread, and ends its connections with an error. Thread-safe.</summary>
    /// <returns>False when the thread has ended or was already abandoned.</returns>
    public bool Abandon()
    {
        QueueActivity activity = Activity;
        string cause = $"its queue was abandoned, because the ring thread had been stuck for {activity.BusyFor.TotalSeconds:F1} s {activity.Place}";
        ZcrxException error = new($"Receiving on the queue {Options.Name}", 0, cause, "Do not block in OnNext: use Process or Offload for work that waits");
        // Created before the thread is abandoned, because the constructor reads which connection is stuck.
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

    /// <summary>Gets a task with the number of observers that did not return in time after an abandonment. The task never completes if the
    /// queue is not abandoned.</summary>
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
            // Sends the batch first, to which observers and posted work may have added sends. The steps below may close or move their
            // connections.
            Host.Batch?.EndTurn();
        }

        Host.TakeChanges();
        if (owners.Turn.IsAbandoned)
        {
            // The queue was abandoned while a callback was stuck, and the callback has now returned. Nothing more may be received.
            return;
        }

        owners.Sharing.TakeReturned();
        owners.Scheduler.WatchPool();
        owners.Scheduler.ArmReceives();
        owners.Mover.CompleteMoves();
        if (owners.Pool.HasChanged)
        {
            // Pausing or moving connections has changed the pool. The pressure level must be current before the thread sleeps.
            owners.Scheduler.WatchPool();
        }

        // Moves and rising pressure may have returned buffers, which are passed on here.
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
        // Disposed after the queue, because the queue needs header/data split until it is closed.
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
        // Completed after the observers were called, because an observer that throws still publishes a fault.
        _events.Complete();
        _missedObservers.TrySetResult(missed);
    }

    private async Task CloseAbandonedSocketsAsync()
    {
        // The thread that abandons this one may still be ending the connections.
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
        // Closes the application's descriptor, so that the application cannot use the socket any more.
        socket.Dispose();
        connection.IsAttached = true;
        Owners.Scheduler.Reconcile(connection);
        return connection;
    }
}
