namespace Zcrx.Interop.Kernel;

/// <summary>
/// Identifies and starts threads. In a simulation, several simulated threads run on one real thread.
/// </summary>
internal static class Threads
{
    // The Thread object, unless a simulation has set another identity.
    [ThreadStatic]
    private static object? _current;

    [ThreadStatic]
    private static ThreadSimulation? _simulation;

    /// <summary>
    /// Gets the identity of the calling thread. The identity is an object, since a thread's number may be reused after the thread has
    /// ended.
    /// </summary>
    public static object Current => _current ?? Identify();

    /// <summary>
    /// Gets the options for continuations of tasks. They run on the thread pool or, in a simulation, synchronously, since their order must
    /// be repeatable.
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
    /// Marks a point at which an action of another thread could affect the call. A simulation may run another thread there.
    /// </summary>
    public static void Interleave() => _simulation?.Interleave();

    /// <summary>Begins or ends a simulation on the calling thread.</summary>
    public static void Simulate(ThreadSimulation? simulation)
    {
        _simulation = simulation;
        _current = null;
    }

    /// <summary>Sets the identity of the calling thread from now on. For simulations only.</summary>
    public static void Impersonate(object identity) => _current = identity;

    private static object Identify() => _current = Thread.CurrentThread;
}
