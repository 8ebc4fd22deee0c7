using System.Diagnostics;
using FsCheck.Fluent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Whatever consumers, pools, faults and chunks come together: bytes received are bytes sent, in order, and in the end nothing is out.</summary>
[Collection(SocketsCollection.Name)]
public class ScheduleTests : IClassFixture<ResourceCheck>
{
    private const int Schedules = 1000;

    [Fact]
    public async Task Any_schedule_delivers_everything_and_a_stuck_consumer_stops_nobody()
    {
        foreach (Schedule schedule in Schedule.All.Sample(Schedules, 50))
        {
            try
            {
                await RunAsync(schedule);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"failed with {schedule}", exception);
            }
        }
    }

    private static async Task RunAsync(Schedule schedule)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(schedule.Buffers, configure: schedule.Apply);
        List<ScheduledConsumer> consumers = [];
        List<Task> sending = [];
        foreach (Schedule.Connection plan in schedule.Connections)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            ScheduledConsumer consumer = new(plan, queue, peer, connection, schedule.Buffers, schedule.Seed + consumers.Count);
            consumers.Add(consumer);
            consumer.Subscribe();
            sending.Add(consumer.SendAsync());
        }

        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(1));
        while (!consumers.TrueForAll(static consumer => consumer.HasEnded))
        {
            foreach (ScheduledConsumer consumer in consumers)
            {
                consumer.Act();
            }

            if (consumers.TrueForAll(static consumer => consumer.HasEnded || consumer.IsStuck))
            {
                consumers.ForEach(static consumer => consumer.LetGo());
            }

            if (Stopwatch.GetElapsedTime(start) > Deadline.Limit)
            {
                Assert.Fail($"nobody moves any more: {string.Join("; ", consumers.Select(static consumer => consumer.State))}; {queue.Queue.Snapshot()}");
            }

            await pace.WaitForNextTickAsync();
        }

        await Task.WhenAll(sending).Within("the senders are done");
        foreach (ScheduledConsumer consumer in consumers)
        {
            await consumer.CheckAsync();
            consumer.Dispose();
        }
    }
}
