namespace Zcrx.Simulation;

/// <summary>Runs posted work as items of the simulated thread pool.</summary>
internal sealed class SimulatedContext(SimulatedThreads threads) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => threads.RunOnPool(() => d(state));
}
