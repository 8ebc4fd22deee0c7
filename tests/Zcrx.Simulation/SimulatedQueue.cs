using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Engines;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Ring;

namespace Zcrx.Simulation;

/// <summary>Represents one queue with all its components. Its ring thread is a state machine that runs one step at a time.</summary>
internal sealed class SimulatedQueue
{
    // The largest rounding error of a timeout, which is converted to seconds and back.
    private const long RoundingTicks = 1;

    // Other threads run between two polls of a thread that spins.
    private static readonly TimeSpan PollTime = TimeSpan.FromMicroseconds(2);

    private readonly SimulatedThreads _threads;
    private readonly SimulatedKernel _kernel;
    private readonly VirtualClock _clock;
    private readonly RingThread _ring;
    private readonly TaskCompletionSource? _followed;
    private long _due;
    private long _began;
    private long _fellAsleep;

    public SimulatedQueue(string name, ZcrxQueueOptions options, SimulatedKernel kernel, VirtualClock clock, SimulatedThreads threads, SuspendedConnectionOwner suspended, ExportedQueue? exported)
    {
        Name = name;
        _threads = threads;
        _kernel = kernel;
        _clock = clock;
        IsImported = exported is not null;
        QueueEvents events = new(name);
        events.Pressure.Subscribe(pressure => Level = pressure.Level);
        events.Faults.Subscribe(fault => Faults.Add(fault.Exception));
        QueueEngine engine = QueueEngine.For(options, new EngineChoice(ZcrxEngine.Emulated, "a simulation"), kernel);
        Loop = new QueueLoop(options, engine, events, suspended, exported);
        Opened = Loop.OpenAsync(CancellationToken.None);
        _ring = threads.Started!;
    }

    /// <summary>Represents a queue that an actor opens.</summary>
    /// <param name="name">The name for events.</param>
    /// <param name="ring">The ring thread that was started.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="clock">The time.</param>
    /// <param name="threads">The threads.</param>
    public SimulatedQueue(string name, RingThread ring, SimulatedKernel kernel, VirtualClock clock, SimulatedThreads threads)
    {
        Name = name;
        _threads = threads;
        _kernel = kernel;
        _clock = clock;
        _ring = ring;
        _followed = new TaskCompletionSource();
        Loop = (QueueLoop)ring.Turn;
        Opened = _followed.Task;
    }

    /// <summary>Observes the events of a queue that an actor has opened.</summary>
    public void Follow(ZcrxQueue queue)
    {
        if (_followed!.TrySetResult())
        {
            queue.Pressure.Subscribe(pressure => Level = pressure.Level);
            queue.ConsumerFaults.Subscribe(fault => Faults.Add(fault.Exception));
        }
    }

    public string Name { get; }

    public QueueLoop Loop { get; }

    public ConnectionHost Host => Loop.Host;

    public Task Opened { get; }

    public QueuePhase Phase { get; private set; } = QueuePhase.Opening;

    public bool IsImported { get; }

    /// <summary>Gets or sets the export that keeps the memory alive for an import.</summary>
    public ExportedQueue? Export { get; set; }

    /// <summary>Gets or sets the task that switches the refill queue to the ring of this queue.</summary>
    public Task? Switched { get; set; }

    public bool IsOpen => Phase is not (QueuePhase.Opening or QueuePhase.Ended);

    /// <summary>Gets or sets a value indicating whether the end of this queue was requested.</summary>
    public bool IsEnding { get; set; }

    public PoolPressureLevel Level { get; private set; }

    public List<Exception> Faults { get; } = [];

    /// <summary>Gets the exception that ended the ring thread; null for none.</summary>
    public Exception? Crash { get; private set; }

    /// <summary>Gets the number of turns.</summary>
    public long Turns { get; private set; }

    /// <summary>Gets the time at which the sleeping thread wakes without a signal; null for never.</summary>
    public long? Due => Phase == QueuePhase.Asleep && _due != long.MaxValue ? _due : null;

    /// <summary>Gets a value indicating whether a deadline of this queue, or the timeout of the sleeping thread, has passed.</summary>
    public bool IsOverdue => Deadline <= _clock.GetTimestamp() || _due <= _clock.GetTimestamp();

    /// <summary>
    /// Gets a value indicating whether the thread sleeps longer than its next deadline permits. A timeout is computed when a turn begins,
    /// and starts when the thread falls asleep. Only the time between the two may be added to the deadline.
    /// </summary>
    public bool Oversleeps => Phase == QueuePhase.Asleep && Deadline != long.MaxValue && _due > Deadline + (_fellAsleep - _began) + RoundingTicks;

    /// <summary>Gets the timestamp of the next deadline; <see cref="long.MaxValue"/> for never.</summary>
    private long Deadline => ((IRingTurn)Loop).NextDue();

    /// <summary>Returns the address of the buffer that contains an address, or null if the address is outside the area.</summary>
    public nint? BufferAt(nint address)
    {
        foreach (Interop.Memory.MemoryRegion area in Loop.Queue.Memory.Areas)
        {
            if (address >= area.Address && address < area.Address + (nint)area.Length)
            {
                return address - (nint)((address - area.Address) % Environment.SystemPageSize);
            }
        }

        return null;
    }

    /// <summary>Runs the thread to the next point at which another thread can run.</summary>
    /// <returns>False if the thread still sleeps or has ended.</returns>
    public bool Step()
    {
        if (Phase == QueuePhase.Ended)
        {
            return false;
        }

        bool hasMoved = true;
        _threads.As(
            this,
            () =>
            {
                try
                {
                    hasMoved = Advance();
                }
#pragma warning disable CA1031 // Any exception of a ring thread ends its queue.
                catch (Exception exception) when (exception is not SimulationException)
#pragma warning restore CA1031
                {
                    Crash = exception;
                    End(exception);
                }
            });
        return hasMoved;
    }

    /// <summary>Runs the thread until it sleeps or has ended.</summary>
    public void RunUntilAsleep()
    {
        // Short receives need a turn for each 700 bytes.
        const int MostSteps = 10_000;
        for (int i = 0; Step(); i++)
        {
            if (i == MostSteps)
            {
                throw new SimulationException($"{Name} spins: it has run {MostSteps} steps without another thread, and does not sleep");
            }
        }
    }

    /// <summary>
    /// Wakes a sleeping thread without a reason, and runs it until it sleeps again. The wake-up must not change anything.
    /// </summary>
    public void WakeInVain()
    {
        if (Phase == QueuePhase.Asleep)
        {
            Phase = QueuePhase.Completing;
            RunUntilAsleep();
        }
    }

    public override string ToString() => Name;

    private bool Advance()
    {
        switch (Phase)
        {
            case QueuePhase.Opening:
                Phase = _ring.TryOpen() ? QueuePhase.Beginning : QueuePhase.Ended;
                return true;
            case QueuePhase.Beginning:
                Turns++;
                _began = _clock.GetTimestamp();
                if (_ring.TryBeginTurn())
                {
                    Phase = QueuePhase.Entering;
                }
                else
                {
                    End(null);
                }

                return true;
            case QueuePhase.Entering:
                if (!_ring.TryEnter())
                {
                    _clock.Advance(PollTime);
                    return true;
                }

                _fellAsleep = _clock.GetTimestamp();
                _due = _kernel.Timeout is { } timeout ? _fellAsleep + timeout.Ticks : long.MaxValue;
                Phase = MustReturn ? QueuePhase.Completing : QueuePhase.Asleep;
                return true;
            case QueuePhase.Asleep:
                _ring.TryEnter();
                if (!MustReturn)
                {
                    return false;
                }

                Phase = QueuePhase.Completing;
                return true;
            default:
                _ring.CompleteTurn();
                Phase = QueuePhase.Beginning;
                return true;
        }
    }

    private bool MustReturn => !_ring.MayBlock || _ring.Completions.Ready > 0 || _clock.GetTimestamp() >= _due;

    private void End(Exception? crash)
    {
        Phase = QueuePhase.Ended;
        _kernel.WaitsPassTime = true;
        _ring.End(crash);
        _kernel.WaitsPassTime = false;
    }
}
