using System.Globalization;
using Akka;
using Akka.Actor;
using Akka.Configuration;

namespace Zcrx.Actors.Hosting;

/// <summary>Stops Zcrx in the phases of an actor system's <see cref="CoordinatedShutdown"/>.</summary>
/// <remarks>
/// <c>service-unbind</c> closes the ports. <c>service-requests-done</c> delivers the received bytes. <c>service-stop</c> closes everything.
/// The connections are still open while the application's own tasks of the first two phases run. A phase ends at its timeout even if a task
/// is unfinished. So each task of Zcrx uses only a part of the timeout.
/// </remarks>
internal static class SystemShutdown
{
    private const double Share = 0.8;

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>Gets the HOCON path of the timeout that limits the delivery phase.</summary>
    public static string PhaseTimeoutPath => $"akka.coordinated-shutdown.phases.{CoordinatedShutdown.PhaseServiceRequestsDone}.timeout";

    /// <summary>
    /// Returns a timeout of the delivery phase that is long enough for a drain timeout. Clamps an invalid drain timeout instead of
    /// throwing, because the validation of the options reports it later.
    /// </summary>
    public static TimeSpan PhaseTimeout(TimeSpan drain) => TimeSpan.FromSeconds((Math.Clamp(drain.TotalSeconds, 0, TimeSpan.SecondsPerDay) / Share) + Margin.TotalSeconds);

    /// <summary>Returns the longest time for which Zcrx delivers received bytes when the actor system ends before Zcrx.</summary>
    public static TimeSpan DeliveryTime(ActorSystem system) => CoordinatedShutdown.Get(system).Timeout(CoordinatedShutdown.PhaseServiceRequestsDone) * Share;

    /// <summary>
    /// Returns the HOCON for an actor system in a host. Turns off Akka's own shutdown hook, because the host handles signals. Also sets the
    /// timeout of the delivery phase.
    /// </summary>
    public static Config Hosted(TimeSpan phaseTimeout) => ConfigurationFactory.ParseString(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        {PhaseTimeoutPath} = {phaseTimeout.TotalMilliseconds:F0}ms
        """));

    /// <summary>Adds the tasks of Zcrx to an actor system's shutdown.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="closePorts">Closes the ports. Its argument is the time limit.</param>
    /// <param name="drain">Delivers the received bytes, then closes everything. Its argument is the time limit for the delivery.</param>
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
