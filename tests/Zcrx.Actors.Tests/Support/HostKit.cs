using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents the TestKit over an actor system that the host owns. Disposing the kit leaves the system running.</summary>
/// <remarks>The kit is no implicit sender: pool threads would keep it, and other tests run on them.</remarks>
internal sealed class HostKit(ActorSystem system) : TestKit(TestKitConfig.AddTo(system)), INoImplicitSender
{
    /// <summary>Stops the kit's own actor.</summary>
    public override void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) => Sys.Stop(TestActor);
}
