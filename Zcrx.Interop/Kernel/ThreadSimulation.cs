namespace Zcrx.Interop.Kernel;

/// <summary>Decides, in a simulation on one thread, when code runs that would otherwise have its own thread.</summary>
internal abstract class ThreadSimulation
{
    /// <summary>Starts a simulated thread, which runs when the simulation decides so.</summary>
    /// <param name="state">The object that would run on the thread.</param>
    public abstract void Start(object state);

    /// <summary>Adds work of the thread pool.</summary>
    public abstract void RunOnPool(Action work);
}
