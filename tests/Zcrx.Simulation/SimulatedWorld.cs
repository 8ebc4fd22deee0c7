using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;
using Zcrx.Rx;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Queues;

namespace Zcrx.Simulation;

/// <summary>
/// Contains the state of a simulation: time, kernel, queues, connections, leases and moves. Everything runs on the calling thread.
/// </summary>
internal sealed class SimulatedWorld : IDisposable
{
    // One slot, so that queues compete for it.
    private readonly SpinSlots _spinSlots = new(1);
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private Exception? _failure;

    public SimulatedWorld(SimulationProfile profile, bool keepsLines)
    {
        Profile = profile;
        Log = new EventLog(Clock, keepsLines);
        KernelOptions = new EmulatedKernelOptions { AcceptsAnyStream = true, Faults = Faults, BuffersPerTurn = profile.BuffersPerTurn, Profile = profile.Release };
        Kernel = new SimulatedKernel(KernelOptions, Clock);
        Interop.Kernel.Threads.Simulate(Threads);
        Interop.Kernel.Threads.Impersonate(Threads.Application);
    }

    public SimulationProfile Profile { get; }

    public VirtualClock Clock { get; } = new();

    public EventLog Log { get; }

    public EmulatedFaultPlan Faults { get; } = new();

    public EmulatedKernelOptions KernelOptions { get; }

    public SimulatedKernel Kernel { get; }

    public SimulatedThreads Threads { get; } = new();

    public SuspendedConnectionOwner Suspended { get; } = new();

    public List<SimulatedQueue> Queues { get; } = [];

    public List<SimulatedConnection> Connections { get; } = [];

    public List<HeldLease> Leases { get; } = [];

    /// <summary>Gets the requested exports that no queue has imported yet.</summary>
    public List<(SimulatedQueue Queue, Task<ExportedQueue> Export)> Exports { get; } = [];

    public List<PendingMove> Moves { get; } = [];

    /// <summary>Gets the queues whose ring threads have not ended.</summary>
    public IEnumerable<SimulatedQueue> LiveQueues => Queues.Where(static queue => queue.Phase != QueuePhase.Ended);

    /// <summary>Opens a queue.</summary>
    /// <param name="exported">The exported queue to import, or null to register a new one.</param>
    public SimulatedQueue Open(ExportedQueue? exported = null)
    {
        string name = $"queue {Queues.Count}";
        SimulatedQueue queue = new(name, OptionsOf(name, exported), Kernel, Clock, Threads, Suspended, exported);
        Queues.Add(queue);
        return queue;
    }

    /// <summary>Starts the actor tree, which opens all queues.</summary>
    public void StartTree()
    {
        Threads.OnStarted = ring =>
        {
            string name = ((QueueLoop)ring.Turn).Options.Name;
            Queues.Add(new SimulatedQueue($"{name}#{Queues.Count}", ring, Kernel, Clock, Threads));
        };
        Tree = new SimulatedTree(this);
    }

    /// <summary>Lets the timers fire that are due.</summary>
    public void PassTime()
    {
        if (Tree is { } tree)
        {
            Clock.FireTimers();
            tree.PassTime();
        }
    }

    /// <summary>Gets the actors that own the queues; null without actors.</summary>
    public SimulatedTree? Tree { get; private set; }

    /// <summary>Returns the options of a queue.</summary>
    public ZcrxQueueOptions OptionsOf(string name, ExportedQueue? exported) => new()
    {
        Name = name,
        Engine = ZcrxEngine.Emulated,
        AreaSize = (long)Profile.Buffers * Environment.SystemPageSize,
        MaxAreaSize = exported is null && Profile.Grows ? 2L * Profile.Buffers * Environment.SystemPageSize : 0,
        CompletionEntries = Profile.CompletionEntries,
        SubmissionEntries = 16,
        CheckBorrows = Profile.ChecksBorrows,
        UnobservedTimeout = Timeout.InfiniteTimeSpan,
        Emulation = KernelOptions with { Kernel = Kernel },
        TimeProvider = Clock,
        SpinBeforeSleep = Profile.SpinBeforeSleep,
        SpinSlots = _spinSlots,
        Descriptors = static () => new DescriptorUse(1024, 0, IsCheap: true),
    };

    /// <summary>Leases a buffer for the application.</summary>
    public void Hold(SimulatedConnection connection, ReceivedBuffer buffer) =>
        Leases.Add(new HeldBuffer(buffer.Retain(), connection, (SimulatedQueue)Threads.Running, buffer.StreamOffset, buffer.Length));

    /// <summary>Leases a frame for the application.</summary>
    public void Hold(SimulatedConnection connection, ReceivedFrame frame) =>
        Leases.Add(new HeldFrame(frame.Retain(), connection, (SimulatedQueue)Threads.Running, frame.StreamOffset, frame.Length));

    /// <summary>
    /// Records a violation and returns its exception. Only the first violation is kept. Recording is needed because the
    /// library may catch the exception.
    /// </summary>
    public SimulationException Fail(string message)
    {
        SimulationException failure = new(message);
        _failure ??= failure;
        return failure;
    }

    /// <summary>Throws the recorded violation, if there is one.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Checks that observers run on ring threads or on the thread pool, never on the stack of an application call.</summary>
    public void RequireRingThread(SimulatedConnection connection)
    {
        RequireSimulatedThread(connection);
        if (Threads.IsApplication && Acting != connection)
        {
            throw Fail($"an observer of {connection} runs on the stack of the application, which has called {(object?)Acting ?? "something else"}");
        }
    }

    /// <summary>Checks that no code has left the simulation for the real thread pool.</summary>
    public void RequireSimulatedThread(SimulatedConnection connection)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            throw Fail($"a consumer of {connection} runs on a real thread, outside the simulation");
        }
    }

    /// <summary>Gets a value indicating whether a fault has occurred that permits streams to end early with an error.</summary>
    public bool MayStreamsBreak { get; private set; }

    /// <summary>Permits all streams to end early with an error, because of a fault.</summary>
    public void LetStreamsBreak()
    {
        MayStreamsBreak = true;
        Connections.ForEach(static connection => connection.MayBreak = true);
    }

    /// <summary>Gets or sets the connection whose method the application is calling.</summary>
    public SimulatedConnection? Acting { get; set; }

    public void Dispose()
    {
        Tree?.Dispose();
        while (Threads.TryRunPool())
        {
        }

        foreach (HeldLease held in Leases)
        {
            held.Dispose();
        }

        foreach (SimulatedConnection connection in Connections)
        {
            connection.ClosePeer();
        }

        Interop.Kernel.Threads.Simulate(null);
    }
}
