using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Microsoft.Extensions.Logging;

namespace Zcrx.Actors.Hosting;

/// <summary>The actor system for hosts that have none: logs to the host's log, and leaves signals and the process's end to the host.</summary>
internal static class OwnActorSystem
{
    private const string Settings = """
        akka {
          loggers = []
          stdout-loglevel = OFF
          loglevel = WARNING
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
        }
        """;

    private static readonly TimeSpan PhaseMargin = TimeSpan.FromSeconds(5);

    /// <param name="name">Its name.</param>
    /// <param name="drain">How long a stop may deliver what has arrived: the phase in which it does must last that long.</param>
    /// <param name="logger">Where to log.</param>
    public static ActorSystem Create(string name, TimeSpan drain, ILogger logger)
    {
        string phase = string.Create(CultureInfo.InvariantCulture, $"akka.coordinated-shutdown.phases.service-requests-done.timeout = {(long)((drain * 1.25) + PhaseMargin).TotalMilliseconds}ms");
        ActorSystem system = ActorSystem.Create(name, ConfigurationFactory.ParseString(phase).WithFallback(ConfigurationFactory.ParseString(Settings)));
        IActorRef forwarder = system.ActorOf(Props.Create(() => new LogForwarder(logger)), "zcrx-log");
        system.EventStream.Subscribe(forwarder, typeof(Warning));
        system.EventStream.Subscribe(forwarder, typeof(Error));
        return system;
    }
}
