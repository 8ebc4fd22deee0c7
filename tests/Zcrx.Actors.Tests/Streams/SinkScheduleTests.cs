using System.Net.Sockets;
using FsCheck.Fluent;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Tests every end of a stream to an actor, at any time: bytes arrive in order, the window is never exceeded, and no buffer is in flight in the end.</summary>
public class SinkScheduleTests
{
    private const int Schedules = 200;

    [Fact]
    public async Task Any_end_at_any_moment_leaves_nothing_out()
    {
        foreach (SinkSchedule schedule in SinkSchedule.All.Sample(Schedules, 50))
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

    private static async Task RunAsync(SinkSchedule schedule)
    {
        EmulatedFaultPlan faults = schedule.Faults > 0 ? EmulatedFaultPlan.Random(schedule.Seed, schedule.Faults) : new EmulatedFaultPlan();
        await using SinkBench bench = await SinkBench.OpenAsync(schedule.Buffers, new EmulatedKernelOptions { Faults = faults });
        ActorSink sink = bench.ToActor(schedule.MaxUnacknowledged);
        SinkReader reader = new(bench, schedule, sink);
        Task sending = SendAsync(bench, schedule.Bytes);
        try
        {
            await Eventually.TrueAsync(
                () =>
                {
                    reader.Read();
                    return reader.IsOver && sending.IsCompleted;
                },
                "the stream ends");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(reader.State, exception);
        }

        await reader.CheckAsync();
    }

    private static async Task SendAsync(SinkBench bench, int bytes)
    {
        try
        {
            await bench.SendAsync(0, bytes);
            bench.Peer.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Some schedules end the connection.
        }
    }
}
