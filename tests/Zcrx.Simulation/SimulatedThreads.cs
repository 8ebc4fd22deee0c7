using Zcrx.Interop.Kernel;
using Zcrx.Rx.Ring;

namespace Zcrx.Simulation;

/// <summary>Replaces the runtime's threads. Contains the queued items of the thread pool and the ring threads that were started.</summary>
internal sealed class SimulatedThreads : ThreadSimulation
{
    private const int MostItems = 2_000;

    private readonly List<Action> _pool = [];
    private string? _escape;

    /// <summary>Gets the identity of the application's threads.</summary>
    public object Application { get; } = "application";

    /// <summary>Gets the identity of a second thread of the application, which runs inside a call of the first one.</summary>
    public object SecondApplication { get; } = "another thread of the application";

    /// <summary>Gets a value indicating whether the running thread belongs to the application.</summary>
    public bool IsApplication => Running == Application || Running == SecondApplication;

    /// <summary>Gets or sets the work of the second thread, which runs at the next point at which the first one can be interrupted; null for none.</summary>
    public Action? Interruption { get; set; }

    /// <summary>Gets the identity of the thread pool.</summary>
    public object Pool { get; } = "pool";

    /// <summary>Gets the identity of the running thread.</summary>
    public object Running { get; private set; } = "application";

    /// <summary>Gets the ring thread that was started last.</summary>
    public RingThread? Started { get; set; }

    /// <summary>Gets or sets the stack trace of a real thread that has sent a message to an actor of the simulation; null for none.</summary>
    public string? Escape { get => Volatile.Read(ref _escape); set => Volatile.Write(ref _escape, value); }

    /// <summary>Gets the number of pending items of the thread pool.</summary>
    public int PoolItems => _pool.Count;

    /// <summary>Gets or sets the handler of ring threads that actors have started; null without actors.</summary>
    public Action<RingThread>? OnStarted { get; set; }

    public override void Start(object state)
    {
        Started = (RingThread)state;
        OnStarted?.Invoke(Started);
    }

    public override void RunOnPool(Action work)
    {
        if (_pool.Count == MostItems)
        {
            throw new SimulationException($"the thread pool spins: {MostItems} items wait");
        }

        _pool.Add(work);
    }

    public override void Interleave()
    {
        if (Running == Application && Interruption is { } work)
        {
            Interruption = null;
            As(SecondApplication, work);
        }
    }

    /// <summary>Gets or sets the work of a ring thread that runs while a thread of the pool runs an operator; null for none.</summary>
    public Action? Midway { get; set; }

    /// <summary>Gets or sets the number of items that the operator passes on before <see cref="Midway"/> runs.</summary>
    public int PointsBeforeMidway { get; set; }

    /// <summary>Runs one item of the thread pool.</summary>
    /// <param name="number">Selects the item. The threads of a pool may take items in any order.</param>
    public bool TryRunPool(int number = 0)
    {
        if (_pool.Count == 0)
        {
            return false;
        }

        Action work = _pool[number % _pool.Count];
        _pool.RemoveAt(number % _pool.Count);
        As(Pool, work);
        Midway = null;
        return true;
    }

    /// <summary>Marks a point at which a ring thread may run while a thread of the pool runs an operator.</summary>
    public void RunMidway()
    {
        if (Midway is { } work && Running == Pool && PointsBeforeMidway-- == 0)
        {
            Midway = null;
            work();
        }
    }

    /// <summary>Runs code under the identity of a simulated thread.</summary>
    public void As(object identity, Action work)
    {
        object before = Running;
        Running = identity;
        Threads.Impersonate(identity);
        try
        {
            work();
        }
        finally
        {
            Running = before;
            Threads.Impersonate(before);
        }
    }
}
