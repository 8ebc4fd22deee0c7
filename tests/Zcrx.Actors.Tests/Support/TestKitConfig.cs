using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Contains the configuration of the TestKit in this suite.</summary>
internal static class TestKitConfig
{
    /// <summary>Gets the deadlines. They are long enough for a busy machine, so a timeout is a failure.</summary>
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
    /// Gets the configuration that serializes messages and creators unless they are marked as local. An unmarked message that cannot be
    /// serialized fails its test.
    /// </summary>
    public static Config Strict { get; } = "akka.actor { serialize-messages = on, serialize-creators = on }";

    /// <summary>Gets the configuration of a scheduler that fires timers when a test advances it.</summary>
    public static Config VirtualScheduler { get; } = """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """;

    /// <summary>Creates a strict actor system without Akka.Hosting.</summary>
    public static ActorSystem CreateSystem(string name, string hocon = "") => ActorSystem.Create(name, ConfigurationFactory.ParseString(hocon).WithFallback(Strict));

    /// <summary>Adds <see cref="Deadlines"/> to an actor system that was created without them.</summary>
    public static ActorSystem AddTo(ActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(Deadlines.WithFallback(TestKitBase.DefaultConfig));
        // Creates the extension before a kit does, because a kit would give its own defaults precedence over these settings.
        system.RegisterExtension(new TestKitExtension());
        return system;
    }
}
