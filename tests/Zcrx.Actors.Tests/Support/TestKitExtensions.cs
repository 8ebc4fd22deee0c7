using Akka.TestKit;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Contains short forms for frequent uses of the TestKit.</summary>
internal static class TestKitExtensions
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Creates a probe that receives events of some types from the event stream of the actor system.</summary>
    public static TestProbe Subscribe(this TestKitBase kit, params Type[] events)
    {
        TestProbe probe = kit.CreateTestProbe();
        foreach (Type type in events)
        {
            kit.Sys.EventStream.Subscribe(probe.Ref, type);
        }

        return probe;
    }

    /// <summary>Returns the next message of this type. Skips other messages.</summary>
    public static ValueTask<T> FishForMessageAsync<T>(this TestProbe probe) => probe.FishForMessageAsync<T>(static _ => true);

    /// <summary>Waits until a condition holds. Fails at the deadline with the text of the expectation.</summary>
    public static Task AwaitConditionAsync(this TestKitBase kit, Func<bool> condition, string expectation) =>
        kit.AwaitConditionAsync(() => Task.FromResult(condition()), expectation);

    /// <inheritdoc cref="AwaitConditionAsync(TestKitBase, Func{bool}, string)"/>
    public static Task AwaitConditionAsync(this TestKitBase kit, Func<Task<bool>> condition, string expectation) =>
        kit.AwaitConditionAsync(condition, Eventually.Limit, Interval, expectation);
}
