namespace Zcrx.Interop.Kernel;

/// <summary>Runs code that normally has a thread of its own on the single thread of a simulation.</summary>
internal abstract class ThreadSimulation
{
    /// <summary>Starts a simulated thread. The simulation decides when it runs.</summary>
    /// <param name="state">The object whose code would run on the thread.</param>
    public abstract void Start(object state);

    /// <summary>Queues work that would otherwise run on the thread pool.</summary>
    public abstract void RunOnPool(Action work);

    /// <summary>Called where another simulated thread may run. The caller may hold the lock of its own connection.</summary>
    public abstract void Interleave();
}
