using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Ring;

/// <summary>Runs asynchronous work on the thread pool, for libraries that build on this one. In a simulation, the pool is simulated.</summary>
internal static class PoolWork
{
    /// <inheritdoc cref="Threads.RunOnPoolAsync(Func{Task})"/>
    public static Task RunAsync(Func<Task> work) => Threads.RunOnPoolAsync(work);

    /// <inheritdoc cref="Threads.RunOnPoolAsync(Func{Task})"/>
    public static Task<T> RunAsync<T>(Func<Task<T>> work) => Threads.RunOnPoolAsync(work);

    /// <inheritdoc cref="Threads.Separate(Task)"/>
    public static Task Separate(Task task) => Threads.Separate(task);

    /// <inheritdoc cref="Threads.Separate(Task)"/>
    public static Task<T> Separate<T>(Task<T> task) => Threads.Separate(task);
}
