using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents the base of tests of actors without a host: an actor system with virtual time, strict messages and its log in the test's output.</summary>
public abstract class ActorTest : TestKit, INoImplicitSender
{
    /// <param name="output">Receives the log of the system.</param>
    /// <param name="hocon">Configuration that takes precedence over the suite's.</param>
    protected ActorTest(ITestOutputHelper output, string hocon = "")
        : base(ConfigurationFactory.ParseString(hocon).WithFallback(TestKitConfig.Strict).WithFallback(TestKitConfig.VirtualScheduler).WithFallback(TestKitConfig.Deadlines), output: output)
    {
    }

    /// <summary>Gets the scheduler of all timers.</summary>
    private protected TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    /// <summary>Fails the test if the system does not end.</summary>
    public override void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) =>
        base.Shutdown(duration ?? Eventually.Limit, verifySystemShutdown: true);
}
