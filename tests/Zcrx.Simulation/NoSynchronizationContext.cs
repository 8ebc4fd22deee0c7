namespace Zcrx.Simulation;

/// <summary>Removes the synchronization context of the calling thread and restores it when disposed.</summary>
/// <remarks>
/// With a context, such as the context of a test, a continuation after <c>ConfigureAwait(false)</c> would run on the real thread pool,
/// outside the simulation.
/// </remarks>
internal sealed class NoSynchronizationContext : IDisposable
{
    private readonly SynchronizationContext? _before = SynchronizationContext.Current;

    public NoSynchronizationContext() => SynchronizationContext.SetSynchronizationContext(null);

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_before);
}
