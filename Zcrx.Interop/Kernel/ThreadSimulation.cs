namespace Zcrx.Interop.Kernel;

/// <summary>Schedules, in a simulation on one thread, the code that has its own thread in reality.</summary>
internal abstract class ThreadSimulation
{
    /// <summary>Starts a simulated thread. The simulation decides when it runs.</summary>
    /// <param name="state">The object that would run on the thread.</param>
    public abstract void Start(object state);

    /// <summary>Queues work that would otherwise run on the thread pool.</summary>
    public abstract void RunOnPool(Action work);

    /// <summary>Called at a point at which another thread may run. The caller may hold the lock of its own connection.</summary>
    public abstract void Interleave();
}
