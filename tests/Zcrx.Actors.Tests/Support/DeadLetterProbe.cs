using Akka.Actor;
using Akka.Event;
using Akka.TestKit;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Receives every message that did not reach an actor or that its actor did not handle.</summary>
internal static class DeadLetterProbe
{
    public static TestProbe Create(TestKitBase kit)
    {
        TestProbe probe = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(probe, typeof(AllDeadLetters));
        kit.Sys.EventStream.Subscribe(probe, typeof(UnhandledMessage));
        return probe;
    }

    /// <summary>Asserts that no dead letter has been published: a marker is the first message that arrives.</summary>
    public static void AssertNothingCame(ActorSystem system, TestProbe probe)
    {
        Marker marker = new();
        system.EventStream.Subscribe(probe, typeof(Marker));
        system.EventStream.Publish(marker);
        Assert.Same(marker, probe.ExpectMsg<object>(Eventually.Limit));
    }

    private sealed class Marker : INoSerializationVerificationNeeded;
}
