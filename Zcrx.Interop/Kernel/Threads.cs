using System.Runtime.CompilerServices;

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

    /// <summary>Gets a value indicating whether the calling thread runs a simulation.</summary>
    public static bool IsSimulated => _simulation is not null;

    /// <summary>Gets the function that queues work to the thread pool of the simulation; null outside a simulation.</summary>
    public static Action<Action>? SimulatedPool => _simulation is { } simulation ? simulation.RunOnPool : null;

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

    /// <summary>Runs asynchronous work on the thread pool.</summary>
    public static Task RunOnPoolAsync(Func<Task> work) => _simulation is null ? Task.Run(work) : RunSimulatedAsync(work);

    /// <inheritdoc cref="RunOnPoolAsync(Func{Task})"/>
    public static Task<T> RunOnPoolAsync<T>(Func<Task<T>> work) => _simulation is null ? Task.Run(work) : RunSimulatedAsync(work);

    /// <summary>Returns an awaitable. The code after it runs on the thread pool.</summary>
    public static ConfiguredTaskAwaitable SwitchToPool()
    {
        if (_simulation is not { } simulation)
        {
            return Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        TaskCompletionSource running = new();
        simulation.RunOnPool(running.SetResult);
        return running.Task.ConfigureAwait(false);
    }

    /// <summary>Waits in a simulation, and makes the code after the wait run on the simulated thread pool.</summary>
    /// <param name="wait">A wait that completes synchronously. It is not cancelled, because a channel passes a cancellation to the real pool.</param>
    /// <param name="cancellationToken">Ends the wait of the caller.</param>
    public static ValueTask<bool> ContinueOnPoolAsync(ValueTask<bool> wait, CancellationToken cancellationToken) =>
        wait.IsCompleted && !cancellationToken.IsCancellationRequested ? wait : ContinueSimulatedAsync(wait.AsTask().WaitAsync(cancellationToken));

    /// <summary>
    /// Returns a task that ends like another one. In a simulation, each call returns a separate task: a task with several awaiters would
    /// resume only the first one on the thread that completes it.
    /// </summary>
    public static Task Separate(Task task)
    {
        if (_simulation is null || task.IsCompleted)
        {
            return task;
        }

        TaskCompletionSource separate = new();
        _ = task.ContinueWith(
            static (task, separate) => ((TaskCompletionSource)separate!).TrySetFromTask(task), separate, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return separate.Task;
    }

    /// <inheritdoc cref="Separate(Task)"/>
    public static Task<T> Separate<T>(Task<T> task)
    {
        if (_simulation is null || task.IsCompleted)
        {
            return task;
        }

        TaskCompletionSource<T> separate = new();
        _ = task.ContinueWith(
            static (task, separate) => ((TaskCompletionSource<T>)separate!).TrySetFromTask(task), separate, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return separate.Task;
    }

    /// <summary>Cancels. The callbacks of the token run on the thread pool or, in a simulation, before this method returns.</summary>
    public static Task CancelAsync(CancellationTokenSource source)
    {
        if (_simulation is null)
        {
            return source.CancelAsync();
        }

        source.Cancel();
        return Task.CompletedTask;
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

    private static async Task RunSimulatedAsync(Func<Task> work)
    {
        await SwitchToPool();
        await work().ConfigureAwait(false);
    }

    private static async Task<T> RunSimulatedAsync<T>(Func<Task<T>> work)
    {
        await SwitchToPool();
        return await work().ConfigureAwait(false);
    }

    private static async ValueTask<bool> ContinueSimulatedAsync(Task<bool> wait)
    {
        await ((Task)wait).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await SwitchToPool();
        return await wait.ConfigureAwait(false);
    }

    private static object Identify() => _current = Thread.CurrentThread;
}
