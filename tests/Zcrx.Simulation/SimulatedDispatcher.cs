using Akka.Configuration;
using Akka.Dispatch;
using Zcrx.Interop.Kernel;

namespace Zcrx.Simulation;

/// <summary>
/// Runs the mailboxes of actors on the calling thread, as the calling-thread dispatcher of the TestKit does. But each mailbox is an item of
/// the simulated thread pool, so the seed decides the order of messages to different actors.
/// </summary>
internal sealed class SimulatedDispatcher(MessageDispatcherConfigurator configurator) : MessageDispatcher(configurator)
{
    private readonly SimulatedThreads? _threads = Threads.SimulatedPool?.Target as SimulatedThreads;

    protected override void ExecuteTask(IRunnable run)
    {
        if (!Threads.IsSimulated && _threads is { } threads)
        {
            threads.Escape = Environment.StackTrace;
        }

        Threads.RunOnPool(static run => ((IRunnable)run).Run(), run);
    }

    protected override void Shutdown()
    {
    }
}

/// <summary>Creates the dispatcher of an actor system. Akka.NET finds this class by its name.</summary>
public sealed class SimulatedDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly SimulatedDispatcher _dispatcher;

    /// <param name="config">The configuration of the dispatcher.</param>
    /// <param name="prerequisites">The parts of the actor system that a dispatcher needs.</param>
    public SimulatedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _dispatcher = new SimulatedDispatcher(this);

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher;
}
