using System.Diagnostics;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Runs a generated schedule to its end, and checks the result.</summary>
internal static class ScheduleRun
{
    /// <param name="schedule">The schedule to run.</param>
    /// <param name="kernel">The kernel, or null to use the emulated kernel of the schedule with its faults.</param>
    public static async Task RunAsync(Schedule schedule, IIoUringKernel? kernel = null)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(schedule.Buffers, configure: schedule.Apply, kernel: kernel);
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
                Assert.Fail($"no consumer progresses any more: {string.Join("; ", consumers.Select(static consumer => consumer.State))}; {queue.Queue.Snapshot()}");
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
