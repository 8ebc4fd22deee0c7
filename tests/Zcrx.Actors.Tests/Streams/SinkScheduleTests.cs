using System.Net.Sockets;
using Akka.Actor;
using FsCheck.Fluent;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>
/// Tests every kind of end of a stream to an actor, at random times. Items must arrive once and in order, no bound may be exceeded, and
/// at the end no buffer may be in flight.
/// </summary>
public class SinkScheduleTests
{
    private const int SchedulesOfBuffers = 200;
    private const int SchedulesOfFrames = 1000;

    [Fact]
    public async Task Buffers_arrive_once_and_within_bounds_whatever_ends_the_stream()
    {
        foreach (SinkSchedule schedule in SinkSchedule.OfBuffers.Sample(SchedulesOfBuffers, 50))
        {
            await RunAsync(schedule, system: null);
        }
    }

    [Fact]
    public async Task Frames_arrive_once_and_within_bounds_whatever_ends_the_stream()
    {
        using ActorSystem system = TestKitConfig.CreateSystem("sinks", "akka { stdout-loglevel = OFF, loglevel = OFF }");
        // Runs several schedules at a time, so that their threads interleave in more ways.
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(SinkSchedule.OfFrames.Sample(SchedulesOfFrames, 50), parallel, async (schedule, _) => await RunAsync(schedule, system));
    }

    private static async Task RunAsync(SinkSchedule schedule, ActorSystem? system)
    {
        try
        {
            EmulatedFaultPlan faults = schedule.Faults > 0 ? EmulatedFaultPlan.Random(schedule.Seed, schedule.Faults) : new EmulatedFaultPlan();
            await using SinkBench bench = await SinkBench.OpenAsync(schedule.Buffers, new EmulatedKernelOptions { Faults = faults }, system: system);
            ActorSink sink = Start(schedule, bench);
            SinkReader reader = new(bench, schedule, sink);
            Task sending = SendAsync(bench, schedule);
            await ReadAsync(reader, sending);
            await reader.CheckAsync();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"failed with {schedule}", exception);
        }
    }

    private static ActorSink Start(SinkSchedule schedule, SinkBench bench) => schedule.FrameLengths is null
        ? bench.Connection.Buffers.ToActor(bench.Actor, schedule.MaxUnacknowledged, schedule.MaxUnacknowledgedBytes)
        : bench.Connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, SinkSchedule.LongestFrame).ToActor(bench.Actor, schedule.MaxUnacknowledged, schedule.MaxUnacknowledgedBytes);

    private static async Task ReadAsync(SinkReader reader, Task sending)
    {
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
    }

    private static async Task SendAsync(SinkBench bench, SinkSchedule schedule)
    {
        try
        {
            await bench.SendAsync(schedule.Stream());
            bench.Peer.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The schedule has ended the connection before all bytes were sent.
        }
    }
}
