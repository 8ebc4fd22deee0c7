using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Notifications;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Loop;

/// <summary>The ring thread of one interface queue: the only one that touches ring, refill queue, arm state and <c>register</c>.</summary>
/// <remarks>
/// One turn: take commands, take buffers back, let the kernel have them, issue receives, enter, work off the completions.
/// Other threads reach it through <see cref="Post"/> and <see cref="Synchronize"/>, which wake it by an eventfd.
/// Split by concern: life cycle and control here, receiving in ReceiveLoop.Receive.cs, accepting in ReceiveLoop.Accept.cs, the pool in ReceiveLoop.Pool.cs.
/// </remarks>
internal sealed unsafe partial class ReceiveLoop
{
    private static readonly TimeSpan CancelDeadline = TimeSpan.FromSeconds(5);

    private readonly ZcrxQueueOptions _options;
    private readonly IIoUringKernel _kernel;
    private readonly ZcrxCapabilities _capabilities;
    private readonly LoopEvents _events;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<Action> _commands = new();
    private readonly ConcurrentQueue<ZcrxConnection> _dirty = new();
    private readonly SlotTable<ZcrxConnection> _connections = new();
    private readonly SlotTable<ListenerEntry> _listeners = new();
    private readonly List<ListenerEntry> _pendingListeners = [];
    private readonly ulong* _wakeBuffer;
    private readonly Lock _wakeGate = new();
    private IoRing _ring = null!;
    private InterfaceQueue _queue = null!;
    private int _wakeFd = -1;
    private int _wakePending;
    private bool _wakeArmed;
    private bool _stopping;
    private bool _draining;
    private long _drainDeadline;
    private ArmMachine _noBuffers;
    private ArmMachine _copies;

    public ReceiveLoop(ZcrxQueueOptions options, EngineChoice engine, IIoUringKernel kernel, ZcrxCapabilities capabilities, LoopEvents events)
    {
        _options = options;
        Engine = engine;
        _kernel = kernel;
        _capabilities = capabilities;
        _events = events;
        _time = options.TimeProvider;
        _pressure = new PressureMachine(options.HighWaterMark, options.LowWaterMark);
        _wakeBuffer = (ulong*)NativeMemory.AllocZeroed(sizeof(ulong));
        _thread = new Thread(Run) { IsBackground = true, Name = $"zcrx {options.Name}" };
    }

    public EngineChoice Engine { get; }

    public LoopCounters Counters { get; } = new();

    /// <summary>Ends when the ring's thread has ended; faulted when it crashed.</summary>
    public Task Ended => _ended.Task;

    public InterfaceQueue Queue => _queue;

    public PoolPressureLevel PressureLevel => (PoolPressureLevel)Volatile.Read(ref _publishedLevel);

    public (ArmState NoBuffers, ArmState Copies) ArmStates => (_noBuffers.State, _copies.State);

    private bool IsRingThread => Thread.CurrentThread == _thread;

    /// <summary>Starts the thread; the task ends when the queue is registered, or faults with the reason why not.</summary>
    public Task StartAsync()
    {
        _thread.Start();
        return _opened.Task;
    }

    /// <summary>Runs a command on the ring's thread. Commands posted after the end are dropped.</summary>
    public void Post(Action command)
    {
        _commands.Enqueue(command);
        Wake();
    }

    /// <summary>Something about a connection has changed: the ring's thread brings its request in line.</summary>
    public void Synchronize(ZcrxConnection connection)
    {
        if (Interlocked.Exchange(ref connection.SynchronizeQueued, 1) == 0)
        {
            _dirty.Enqueue(connection);
            Wake();
        }
    }

    /// <summary>Stops accepting, delivers what had arrived, then closes everything.</summary>
    /// <param name="drain">How long delivering may take; zero for not at all.</param>
    public Task StopAsync(TimeSpan drain)
    {
        Post(() => BeginStop(drain));
        return _ended.Task;
    }

    public void ReportFault(ZcrxConnection connection, Exception exception) => _events.ObserverFaulted(connection, exception);

    private void Wake()
    {
        if (IsRingThread || Interlocked.Exchange(ref _wakePending, 1) != 0)
        {
            return;
        }

        SignalWake();
    }

    private void SignalWake()
    {
        // Under the lock: the descriptor must not be closed, and its number taken by somebody else, between look and write.
        lock (_wakeGate)
        {
            if (_wakeFd >= 0)
            {
                ulong one = 1;
                _ = Libc.Write(_wakeFd, &one, sizeof(ulong));
            }
        }
    }

    private void Run()
    {
        Exception? crash = null;
        try
        {
            Open();
        }
#pragma warning disable CA1031 // Whatever goes wrong is the caller's to see, through the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Release();
            _ended.TrySetResult();
            _opened.TrySetException(exception);
            return;
        }

        _opened.TrySetResult();
        try
        {
            RunTurns();
        }
#pragma warning disable CA1031 // A crash of the ring's thread is the supervisor's business, not the process's end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            crash = exception;
        }

        TearDown(crash);
        if (crash is null)
        {
            _ended.TrySetResult();
        }
        else
        {
            _ended.TrySetException(crash);
            // Observed here: a queue whose owner never looks must not end the process through an unobserved task.
            _ = _ended.Task.Exception;
        }
    }

    private void Open()
    {
        _wakeFd = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (_wakeFd < 0)
        {
            throw new ZcrxException("Creating the ring thread's eventfd", -_wakeFd, "the process cannot have more descriptors", "Raise the limit on open files (`ulimit -n`)");
        }

        _ring = IoRing.Create(_kernel, new IoRingOptions { SubmissionEntries = (uint)_options.SubmissionEntries, CompletionEntries = (uint)_options.CompletionEntries });
        bool nic = Engine.Engine == ZcrxEngine.Nic;
        InterfaceQueueOptions queueOptions = new()
        {
            Interface = nic ? _options.Interface : null,
            RxQueue = nic ? (uint)_options.RxQueue : 0,
            AreaSize = (nuint)_options.AreaSize,
            RxBufferLength = (uint)_options.BufferLength,
            HugePages = _options.HugePages,
            NotificationUserData = new UserData(RequestKind.Notification, 0, 0).Encode(),
            RecordLeaseOrigins = _options.RecordLeaseOrigins,
        };
        _queue = InterfaceQueue.Register(_ring, queueOptions, _capabilities, SignalWake);
        _queue.Ledger.Refill = ReturnBuffer;
        long interval = ToTicks(_options.NotificationInterval);
        _noBuffers = new ArmMachine(IsRegistered(ZcrxNotificationType.NoBuffers), interval);
        _copies = new ArmMachine(IsRegistered(ZcrxNotificationType.Copy), interval);
        OnPoolSizeKnown();
    }

    private bool IsRegistered(ZcrxNotificationType type) => _capabilities.Notifications && (_capabilities.NotificationTypes & (1u << (int)type)) != 0;

    private long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private void RunTurns()
    {
        while (true)
        {
            Volatile.Write(ref _wakePending, 0);
            TakeCommands();
            TakeReturnedBuffers();
            ArmReceives();
            ArmListeners();
            RearmNotifications();
            ArmWake();
            if (IsFinished())
            {
                return;
            }

            TimeSpan? timeout = NextTimeout();
            bool mayBlock = _commands.IsEmpty && _dirty.IsEmpty && _armQueue.Count == 0 && PrepareToSleep();
            Enter(mayBlock ? 1u : 0u, timeout);
            _queue.Ledger.Awake();
            WorkOffCompletions();
            AfterTurn();
        }
    }

    private void TakeCommands()
    {
        while (_commands.TryDequeue(out Action? command))
        {
            command();
        }

        while (_dirty.TryDequeue(out ZcrxConnection? connection))
        {
            // Cleared first: a change that comes while we look queues the connection again.
            Volatile.Write(ref connection.SynchronizeQueued, 0);
            BringInLine(connection);
        }
    }

    private void Enter(uint minComplete, TimeSpan? timeout)
    {
        int result = _ring.SubmitAndWait(minComplete, minComplete == 0 ? null : timeout);
        if (result is < 0 and not (-Errno.ETIME or -Errno.EINTR or -Errno.EBUSY or -Errno.EAGAIN))
        {
            throw new ZcrxException("Entering the ring", -result, "the ring is broken", "Restart the queue");
        }

        if (_ring.Completion.Dropped != 0)
        {
            throw new ZcrxException("Reading completions", Errno.EBADR, "the kernel had to drop completions, so the streams' positions are unknown", "Use a larger completion ring (CompletionEntries)");
        }
    }

    private void WorkOffCompletions()
    {
        CompletionQueue completions = _ring.Completion;
        if (_ring.Submission.IsCompletionOverflown)
        {
            Counters.Overflows++;
        }

        _turn++;
        uint ready = completions.Ready;
        _completionsFull = ready == completions.Capacity;
        for (uint i = 0; i < ready; i++)
        {
            ref readonly Completion completion = ref completions.Peek(i);
            UserData data = UserData.Decode(completion.UserData);
            switch (data.Kind)
            {
                case RequestKind.Receive:
                    OnReceive(data, completion);
                    break;
                case RequestKind.Accept:
                    OnAccept(data, completion);
                    break;
                case RequestKind.Wake:
                    _wakeArmed = false;
                    break;
                case RequestKind.Notification:
                    OnNotification((ZcrxNotificationType)completion.Result);
                    break;
                case RequestKind.Writable:
                    OnWritable(data, completion.Result);
                    break;
                default:
                    break;
            }
        }

        completions.Advance(ready);
    }

    /// <summary>An entry to fill in; makes room by submitting when the ring is full.</summary>
    private io_uring_sqe* Prepare()
    {
        io_uring_sqe* entry = _ring.Submission.TryPrepare();
        if (entry == null)
        {
            _ = _ring.Submit();
            entry = _ring.Submission.TryPrepare();
        }

        return entry != null
            ? entry
            : throw new ZcrxException("Submitting requests", Errno.EBUSY, "the kernel does not consume the submission ring", "Restart the queue");
    }

    private void ArmWake()
    {
        if (_wakeArmed)
        {
            return;
        }

        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_READ;
        entry->fd = _wakeFd;
        entry->addr = (ulong)_wakeBuffer;
        entry->len = sizeof(ulong);
        entry->off = ulong.MaxValue;
        entry->user_data = new UserData(RequestKind.Wake, 0, 0).Encode();
        _wakeArmed = true;
    }

    private void PrepareCancel(ulong target)
    {
        io_uring_sqe* entry = Prepare();
        entry->opcode = LinuxIoUring.IORING_OP_ASYNC_CANCEL;
        entry->fd = -1;
        entry->addr = target;
        entry->user_data = new UserData(RequestKind.Cancel, 0, 0).Encode();
    }

    private TimeSpan? NextTimeout()
    {
        long due = long.Min(_noBuffers.Due, _copies.Due);
        foreach (ListenerEntry listener in _pendingListeners)
        {
            due = long.Min(due, listener.RetryAt);
        }

        if (_draining)
        {
            due = long.Min(due, long.Min(_drainDeadline, _time.GetTimestamp() + ToTicks(TimeSpan.FromMilliseconds(10))));
        }

        if (due == long.MaxValue)
        {
            return null;
        }

        double seconds = (double)(due - _time.GetTimestamp()) / _time.TimestampFrequency;
        return TimeSpan.FromSeconds(double.Max(seconds, 0));
    }

    private void OnNotification(ZcrxNotificationType type)
    {
        long now = _time.GetTimestamp();
        ref ArmMachine machine = ref type == ZcrxNotificationType.NoBuffers ? ref _noBuffers : ref _copies;
        machine.Fired(now);
        if (type == ZcrxNotificationType.NoBuffers)
        {
            Counters.NoBuffersNotifications++;
            _starvedSignal = true;
        }
        else
        {
            Counters.CopyNotifications++;
        }

        _events.Notified(new ZcrxNotification(_options.Name, type, machine.State, _time.GetUtcNow()));
    }

    private void RearmNotifications()
    {
        if (_noBuffers.State == ArmState.Fired || _copies.State == ArmState.Fired)
        {
            long now = _time.GetTimestamp();
            Rearm(ref _noBuffers, ZcrxNotificationType.NoBuffers, now);
            Rearm(ref _copies, ZcrxNotificationType.Copy, now);
        }
    }

    private void Rearm(ref ArmMachine machine, ZcrxNotificationType type, long now)
    {
        if (machine.TryArm(now))
        {
            machine.Armed(_queue.Arm(type), now);
        }
    }
}
