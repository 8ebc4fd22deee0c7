using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace Zcrx.Actors.Tests.Support;

/// <summary>
/// Represents the base class of tests of actors without a host. Its actor system has virtual time, serializes messages that are not local,
/// and logs to the output of the test.
/// </summary>
public abstract class ActorTest : TestKit, INoImplicitSender
{
    /// <param name="output">Receives the log of the system.</param>
    /// <param name="hocon">The configuration that takes precedence over the configuration of the suite.</param>
    protected ActorTest(ITestOutputHelper output, string hocon = "")
        : base(ConfigurationFactory.ParseString(hocon).WithFallback(TestKitConfig.Strict).WithFallback(TestKitConfig.VirtualScheduler).WithFallback(TestKitConfig.Deadlines), output: output)
    {
    }

    /// <summary>Gets the scheduler of all timers.</summary>
    private protected TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    /// <summary>Ends the actor system. Fails the test if it does not end.</summary>
    public override void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) =>
        base.Shutdown(duration ?? Eventually.Limit, verifySystemShutdown: true);
}
