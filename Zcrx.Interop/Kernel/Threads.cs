namespace Zcrx.Interop.Kernel;

/// <summary>Identifies and starts threads. A simulation that runs several flows of control on one thread takes the place of the runtime, for that thread only.</summary>
internal static class Threads
{
    // The thread itself unless a simulation has set another identity.
    [ThreadStatic]
    private static object? _current;

    [ThreadStatic]
    private static ThreadSimulation? _simulation;

    /// <summary>
    /// Gets the identity of the calling thread. It is an object instead of the thread's number, which the next thread may get after this
    /// one has ended.
    /// </summary>
    public static object Current => _current ?? Identify();

    /// <summary>
    /// Gets the scheduler for continuations of tasks: the thread pool or, in a simulation, immediate execution, because the order must be
    /// repeatable.
    /// </summary>
    public static TaskCreationOptions ContinuationOptions => _simulation is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None;

    /// <summary>Starts a background thread.</summary>
    public static void Start(string name, object state, Action<object> run)
    {
        if (_simulation is { } simulation)
        {
            simulation.Start(state);
            return;
        }

        Thread thread = new(() => run(state)) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Runs work on the thread pool.</summary>
    public static void RunOnPool(Action<object> work, object state)
    {
        if (_simulation is { } simulation)
        {
            simulation.RunOnPool(() => work(state));
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static item => item.work(item.state), (work, state), preferLocal: false);
    }

    /// <summary>Begins or ends a simulation on the calling thread.</summary>
    public static void Simulate(ThreadSimulation? simulation)
    {
        _simulation = simulation;
        _current = null;
    }

    /// <summary>Sets the identity under which the calling thread runs from now on. In a simulation only.</summary>
    public static void Impersonate(object identity) => _current = identity;

    private static object Identify() => _current = Thread.CurrentThread;
}
