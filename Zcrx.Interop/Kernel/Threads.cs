namespace Zcrx.Interop.Kernel;

/// <summary>
/// Identifies and starts threads. A simulation replaces these threads by simulated threads, which all run on one real thread.
/// </summary>
internal static class Threads
{
    // The identity of this thread: its Thread object, or the object that a simulation has set.
    [ThreadStatic]
    private static object? _current;

    [ThreadStatic]
    private static ThreadSimulation? _simulation;

    /// <summary>
    /// Gets an object that identifies the calling thread. The number of a thread is not unique, because it is reused after the thread has
    /// ended.
    /// </summary>
    public static object Current => _current ?? Identify();

    /// <summary>
    /// Gets the options for tasks whose continuations run on the thread pool. In a simulation, they run synchronously, because their order
    /// must be repeatable.
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

    /// <summary>
    /// Marks a point at which actions of another thread can affect the caller. A simulation may run another thread there.
    /// </summary>
    public static void Interleave() => _simulation?.Interleave();

    /// <summary>Begins a simulation on the calling thread; null ends it.</summary>
    public static void Simulate(ThreadSimulation? simulation)
    {
        _simulation = simulation;
        _current = null;
    }

    /// <summary>Sets the identity of the calling thread. For simulations only.</summary>
    public static void Impersonate(object identity) => _current = identity;

    private static object Identify() => _current = Thread.CurrentThread;
}
