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

    public static ActorSystem Create(string name, ILogger logger)
    {
        ActorSystem system = ActorSystem.Create(name, ConfigurationFactory.ParseString(Settings));
        IActorRef forwarder = system.ActorOf(Props.Create(() => new LogForwarder(logger)), "zcrx-log");
        system.EventStream.Subscribe(forwarder, typeof(Warning));
        system.EventStream.Subscribe(forwarder, typeof(Error));
        return system;
    }
}
