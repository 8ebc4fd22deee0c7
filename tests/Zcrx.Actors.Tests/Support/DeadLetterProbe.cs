using Akka.Actor;
using Akka.Event;
using Akka.TestKit;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Creates probes that receive every dead letter and every unhandled message.</summary>
internal static class DeadLetterProbe
{
    public static TestProbe Create(TestKitBase kit)
    {
        TestProbe probe = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(probe, typeof(AllDeadLetters));
        kit.Sys.EventStream.Subscribe(probe, typeof(UnhandledMessage));
        return probe;
    }

    /// <summary>Asserts that no dead letter was published. Publishes a marker, which must be the first message of the probe.</summary>
    public static void AssertNothingCame(ActorSystem system, TestProbe probe)
    {
        Marker marker = new();
        system.EventStream.Subscribe(probe, typeof(Marker));
        system.EventStream.Publish(marker);
        Assert.Same(marker, probe.ExpectMsg<object>(Eventually.Limit));
    }

    private sealed class Marker : INoSerializationVerificationNeeded;
}
