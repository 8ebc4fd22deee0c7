using System.Reactive;
using System.Reactive.Linq;
using Zcrx.Rx.Streams;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests the observers of a queue's events. They cannot delay the ring thread or each other, and each receives the events in order.
/// </summary>
public class BroadcastTests
{
    [Fact]
    public async Task An_observer_that_is_busy_with_the_replayed_value_does_not_delay_the_publisher()
    {
        Broadcast<string> broadcast = new(static exception => throw exception) { Replays = true };
        broadcast.Publish("first");
        using ManualResetEventSlim isInside = new();
        using ManualResetEventSlim mayLeave = new();
        List<string> seen = [];
        Task subscribing = Task.Run(() => broadcast.Subscribe(Observer.Create<string>(value =>
        {
            seen.Add(value);
            isInside.Set();
            mayLeave.Wait(Deadline.Limit);
        })));
        isInside.Wait(Deadline.Limit);
        await Task.Run(() =>
        {
            broadcast.Publish("second");
            broadcast.Publish("third");
        }).Within("publishing returns");
        Assert.Equal(["first"], seen);
        mayLeave.Set();
        await subscribing.Within("the subscription returns");
        Assert.Equal(["first", "second", "third"], seen);
    }

    [Fact]
    public void An_observer_that_throws_in_the_replay_is_removed_and_reported()
    {
        List<Exception> unhandled = [];
        Broadcast<string> broadcast = new(unhandled.Add) { Replays = true };
        broadcast.Publish("first");
        int calls = 0;
        using IDisposable subscription = broadcast.Subscribe(_ =>
        {
            calls++;
            throw new InvalidOperationException("on purpose");
        });
        broadcast.Publish("second");
        Assert.Equal((1, 1), (calls, unhandled.Count));
    }

    [Fact]
    public async Task Values_of_many_publishers_reach_an_observer_one_at_a_time_and_each_once()
    {
        const int Publishers = 4;
        const int Values = 2000;
        Broadcast<string> broadcast = new(static exception => throw exception);
        int inside = 0;
        int overlaps = 0;
        int seen = 0;
        using IDisposable subscription = broadcast.Subscribe(_ =>
        {
            overlaps += Interlocked.Increment(ref inside) > 1 ? 1 : 0;
            seen++;
            Interlocked.Decrement(ref inside);
        });
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Values; i++)
            {
                broadcast.Publish("value");
            }
        }))).Within("all is published");
        await Deadline.UntilAsync(() => Volatile.Read(ref seen) == Publishers * Values, "all values arrive");
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task An_observer_of_the_pressure_may_wait_for_the_ring_thread()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        int connections = -1;
        using IDisposable subscription = queue.Queue.Pressure.Take(1).Subscribe(_ => connections = queue.Queue.GetConnectionsAsync().Result.Count);
        Assert.Equal(0, connections);
    }
}
