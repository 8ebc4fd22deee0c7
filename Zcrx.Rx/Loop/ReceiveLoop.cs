using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Loop;

/// <summary>The ring thread of one interface queue: the only one that touches ring, refill queue, arm state and <c>register</c>.</summary>
/// <remarks>
/// One turn: take commands, take buffers back, let the kernel have them, issue receives, enter, work off the completions.
/// Other threads reach it through <see cref="Post"/> and <see cref="Synchronize"/>, which wake it by an eventfd.
/// Split by concern: life cycle and control here, each other concern in the file that is named after it.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The event's wait handle is never used, so there is nothing to dispose; whoever asks for the end may come late.")]
internal sealed unsafe partial class ReceiveLoop : IRefillProducer
{
    // Replaced by the ring's thread when options change that may; the name never does.
    private volatile ZcrxQueueOptions _options;
    private readonly IIoUringKernel _kernel;
    private readonly ZcrxCapabilities _capabilities;
    private readonly LoopEvents _events;
    private readonly TimeProvider _time;
    private readonly bool _isOnNic;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<LoopCommand> _commands = new();
    private readonly ConcurrentQueue<ZcrxConnection> _dirty = new();
    private readonly SlotTable<ZcrxConnection> _connections = new();
    private readonly ulong* _wakeBuffer;
    private readonly ManualResetEventSlim _endAsked = new();
    private readonly Lock _wakeGate = new();
    private readonly Lock _queueGate = new();
    private IoRing _ring = null!;
    private InterfaceQueue _queue = null!;
    private CopyStatistics _lastCopies;
    private int _wakeFd = -1;
    private int _wakePending;
    private bool _wakeArmed;
    private volatile bool _refusesCommands;

    public ReceiveLoop(ZcrxQueueOptions options, EngineChoice engine, IIoUringKernel kernel, ZcrxCapabilities capabilities, LoopEvents events)
    {
        _options = options;
        Engine = engine;
        _kernel = kernel;
        _capabilities = capabilities;
        _events = events;
        _time = options.TimeProvider;
        _isOnNic = engine.Engine == ZcrxEngine.Nic || (engine.Engine == ZcrxEngine.Emulated && options.Emulation.Nics.Any(nic => nic.Name == options.Interface));
        _pressure = new PressureMachine(options.HighWaterMark, options.LowWaterMark);
        _wakeBuffer = (ulong*)NativeMemory.AllocZeroed(sizeof(ulong));
        _reclaim = Reclaim;
        _thread = new Thread(Run) { IsBackground = true, Name = $"zcrx {options.Name}" };
    }

    public EngineChoice Engine { get; private set; }

    /// <summary>The queue to go on with; null to register one.</summary>
    public ExportedQueue? Exported { get; init; }

    /// <summary>Where its connections wait when it has ended; null when they end with it.</summary>
    public ConnectionParking? Parking { get; init; }

    public LoopCounters Counters { get; } = new();

    /// <summary>Ends when the ring's thread has ended; faulted when it crashed.</summary>
    public Task Ended => _ended.Task;

    public InterfaceQueue Queue => _queue;

    public PoolPressureLevel PressureLevel => (PoolPressureLevel)Volatile.Read(ref _publishedLevel);

    /// <summary>The ring's descriptor, for tests that take it away. Ring's thread only.</summary>
    internal int RingDescriptor => _ring.Fd;

    private bool IsRingThread => Thread.CurrentThread == _thread;

    /// <summary>Starts the thread; the task ends when the queue is registered, or faults with the reason why not.</summary>
    public Task StartAsync()
    {
        // Until it has been imported: a caller who gives up waiting may dispose it before.
        Exported?.Hold();
        _thread.Start();
        return _opened.Task;
    }

    /// <summary>Runs a command on the ring's thread, or refuses it when there is none any more: one of the two happens, once.</summary>
    public void Post(Action command, Action? refuse = null)
    {
        _commands.Enqueue(new LoopCommand(command, refuse));
        // Either the loop, which sets the flag before it looks for the last time, finds the command, or we find the flag.
        Interlocked.MemoryBarrier();
        if (_refusesCommands)
        {
            ServeAfterEnd();
        }
        else
        {
            Wake();
        }
    }

    /// <summary>Something about a connection has changed: the ring's thread brings its request in line.</summary>
    public void Synchronize(ZcrxConnection connection)
    {
        if (Interlocked.Exchange(ref connection.SynchronizeQueued, 1) == 0)
        {
            _dirty.Enqueue(connection);
            // As in Post.
            Interlocked.MemoryBarrier();
            if (_refusesCommands)
            {
                ServeAfterEnd();
            }
            else
            {
                Wake();
            }
        }
    }

    /// <summary>Stops accepting, delivers what had arrived, then closes everything.</summary>
    /// <param name="drain">How long delivering may take; zero for not at all.</param>
    public Task StopAsync(TimeSpan drain)
    {
        _endAsked.Set();
        Post(() => BeginStop(drain));
        return _ended.Task;
    }

    /// <summary>Stops accepting, delivers what the kernel has taken from the sockets, and leaves the connections in the parking.</summary>
    public Task ParkAsync(TimeSpan drain)
    {
        _endAsked.Set();
        Post(() => BeginParking(drain));
        return _ended.Task;
    }

    /// <summary>The kernel's copy counters, the last ones after the end. Any thread.</summary>
    public CopyStatistics ReadCopies()
    {
        // Under the lock: they lie in memory that goes with the queue.
        lock (_queueGate)
        {
            return _refusesCommands ? _lastCopies : _queue.ReadStatistics();
        }
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
            try
            {
                Open();
            }
            finally
            {
                Exported?.LetGo();
            }
        }
#pragma warning disable CA1031 // Whatever goes wrong is the caller's to see, through the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Release();
            _ended.TrySetResult();
            _opened.TrySetException(exception);
            // Observed here, for a caller who has given up waiting.
            _ = _opened.Task.Exception;
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

    /// <summary>There is no ring's thread any more to see changes. Those of connections that have moved are another's business.</summary>
    private void ForwardChanges()
    {
        while (_dirty.TryDequeue(out ZcrxConnection? connection))
        {
            Interlocked.Exchange(ref connection.SynchronizeQueued, 0);
            if (connection.Loop != this)
            {
                connection.Loop.Synchronize(connection);
            }
            else
            {
                Parking?.Consider(connection);
            }
        }
    }

    /// <summary>Runs work on the ring thread. Any thread.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="work">The work.</param>
    /// <param name="refused">The result if the ring thread has ended.</param>
    private Task<T> InvokeAsync<T>(Func<T> work, T refused)
    {
        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => result.TrySetResult(work()), () => result.TrySetResult(refused));
        return result.Task;
    }

    /// <summary>The ring thread has ended. Off the stack of the caller, who must not meet other connections' observers on it.</summary>
    private void ServeAfterEnd() => ThreadPool.UnsafeQueueUserWorkItem(
        static loop =>
        {
            loop.RefuseCommands();
            loop.ForwardChanges();
        },
        this,
        preferLocal: false);

    private void RefuseCommands()
    {
        while (_commands.TryDequeue(out LoopCommand command))
        {
            command.Refuse?.Invoke();
        }
    }

    /// <summary>A span in the clock's ticks, far from overflow when added to a time.</summary>
    private long ToTicks(TimeSpan span) => (long)double.Clamp(span.TotalSeconds * _time.TimestampFrequency, 0, long.MaxValue / 4);
}
