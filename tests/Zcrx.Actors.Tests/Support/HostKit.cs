using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents the TestKit over an actor system that the host owns. Disposing the kit leaves the system running.</summary>
/// <remarks>The kit does not set an implicit sender, because the sender would stay set on pool threads, on which other tests run.</remarks>
internal sealed class HostKit(ActorSystem system) : TestKit(TestKitConfig.AddTo(system)), INoImplicitSender
{
    /// <summary>Stops only the test actor of the kit.</summary>
    public override void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) => Sys.Stop(TestActor);
}
