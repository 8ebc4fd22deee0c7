using Akka;
using Akka.Actor;

namespace Zcrx.Actors.Hosting;

/// <summary>Ends Zcrx in order when the actor system ends first, whoever ends it: in the phases of its <see cref="CoordinatedShutdown"/>.</summary>
/// <remarks>
/// service-unbind closes the ports, service-requests-done delivers what has arrived, service-stop cuts off what is still under way. Tasks of
/// the application in service-unbind, and what it does in service-requests-done, find their connections open. A phase is left when its timeout has
/// passed, whatever its tasks do; so each task keeps within most of it.
/// </remarks>
internal static class SystemShutdown
{
    private const double Share = 0.8;

    /// <param name="system">The actor system.</param>
    /// <param name="closePorts">Closes the ports within a time.</param>
    /// <param name="drain">Delivers for at most a time, and closes.</param>
    /// <param name="stop">Closes at once.</param>
    public static void Register(ActorSystem system, Func<TimeSpan, Task> closePorts, Func<TimeSpan, Task> drain, Func<Task> stop)
    {
        CoordinatedShutdown shutdown = CoordinatedShutdown.Get(system);
        Add(shutdown, CoordinatedShutdown.PhaseServiceUnbind, "zcrx-unbind", closePorts);
        Add(shutdown, CoordinatedShutdown.PhaseServiceRequestsDone, "zcrx-drain", drain);
        Add(shutdown, CoordinatedShutdown.PhaseServiceStop, "zcrx-stop", _ => stop());
    }

    private static void Add(CoordinatedShutdown shutdown, string phase, string name, Func<TimeSpan, Task> act) =>
        shutdown.AddTask(phase, name, async () =>
        {
            await act(shutdown.Timeout(phase) * Share).ConfigureAwait(false);
            return Done.Instance;
        });
}
