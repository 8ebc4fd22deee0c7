using System.Globalization;
using Akka;
using Akka.Actor;
using Akka.Configuration;

namespace Zcrx.Actors.Hosting;

/// <summary>Stops Zcrx in the phases of an actor system's <see cref="CoordinatedShutdown"/>.</summary>
/// <remarks>
/// <c>service-unbind</c> closes the ports, <c>service-requests-done</c> delivers what has arrived, <c>service-stop</c> closes everything. The application's
/// tasks in the first two phases find their connections open. A phase ends at its timeout, also with unfinished tasks, so each task
/// takes at most a share of it.
/// </remarks>
internal static class SystemShutdown
{
    private const double Share = 0.8;

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>Gets the path of the timeout that limits the delivery.</summary>
    public static string PhaseTimeoutPath => $"akka.coordinated-shutdown.phases.{CoordinatedShutdown.PhaseServiceRequestsDone}.timeout";

    /// <summary>Returns the timeout of the delivery phase that is long enough for a drain timeout. An invalid one is reported by the validation.</summary>
    public static TimeSpan PhaseTimeout(TimeSpan drain) => TimeSpan.FromSeconds((Math.Clamp(drain.TotalSeconds, 0, TimeSpan.SecondsPerDay) / Share) + Margin.TotalSeconds);

    /// <summary>Returns how long Zcrx delivers at most when an actor system ends first.</summary>
    public static TimeSpan DeliveryTime(ActorSystem system) => CoordinatedShutdown.Get(system).Timeout(CoordinatedShutdown.PhaseServiceRequestsDone) * Share;

    /// <summary>Returns the HOCON of a hosted actor system: the host handles signals, and the delivery phase lasts long enough.</summary>
    public static Config Hosted(TimeSpan phaseTimeout) => ConfigurationFactory.ParseString(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        {PhaseTimeoutPath} = {phaseTimeout.TotalMilliseconds:F0}ms
        """));

    /// <summary>Adds the tasks of Zcrx to an actor system's shutdown.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="closePorts">Closes the ports within a time.</param>
    /// <param name="drain">Delivers what has arrived for at most a time, then closes everything.</param>
    /// <param name="stop">Closes everything at once.</param>
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
