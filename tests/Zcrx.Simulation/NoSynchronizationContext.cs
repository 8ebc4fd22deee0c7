namespace Zcrx.Simulation;

/// <summary>Takes the calling thread's synchronization context away until disposed.</summary>
/// <remarks>With a context, such as that of a test, a continuation after <c>ConfigureAwait(false)</c> runs on the thread pool, and so beside the simulation.</remarks>
internal sealed class NoSynchronizationContext : IDisposable
{
    private readonly SynchronizationContext? _before = SynchronizationContext.Current;

    public NoSynchronizationContext() => SynchronizationContext.SetSynchronizationContext(null);

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_before);
}
