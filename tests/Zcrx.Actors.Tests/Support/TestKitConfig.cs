using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Contains the configuration of the TestKit in this suite.</summary>
internal static class TestKitConfig
{
    /// <summary>Contains deadlines that a busy machine meets, so a timeout is a failure.</summary>
    public static Config Deadlines { get; } = $$"""
        akka.test {
          default-timeout = {{Eventually.Limit.TotalSeconds}}s
          single-expect-default = {{Eventually.Limit.TotalSeconds}}s
          startup-timeout = {{Eventually.Limit.TotalSeconds}}s
          filter-leeway = {{Eventually.Limit.TotalSeconds}}s
          expect-no-message-default = 100ms
        }
        """;

    /// <summary>
    /// Serializes messages and creators unless they are marked as local. An unmarked message that cannot be serialized fails its test.
    /// </summary>
    public static Config Strict { get; } = "akka.actor { serialize-messages = on, serialize-creators = on }";

    /// <summary>Fires timers when a test advances the scheduler.</summary>
    public static Config VirtualScheduler { get; } = """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """;

    /// <summary>Creates a strict actor system without Akka.Hosting.</summary>
    public static ActorSystem CreateSystem(string name, string hocon = "") => ActorSystem.Create(name, ConfigurationFactory.ParseString(hocon).WithFallback(Strict));

    /// <summary>Sets the deadlines of kits over a system that was created without them.</summary>
    public static ActorSystem AddTo(ActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(Deadlines.WithFallback(TestKitBase.DefaultConfig));
        // Reads the settings now: a kit would put its own defaults before these.
        system.RegisterExtension(new TestKitExtension());
        return system;
    }
}
