using System.Net.Sockets;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Tests operators that take a stream to another thread. The stream ends in every way at any time. Bytes arrive in order, the end is
/// reported, and no buffer leaks.
/// </summary>
[Collection(SocketsCollection.Name)]
public class OperatorScheduleTests : IClassFixture<ResourceCheck>
{
    private const int Schedules = 1000;

    [Fact]
    public async Task Stream_is_complete_however_and_whenever_the_operator_ends()
    {
        foreach (OperatorSchedule schedule in OperatorSchedule.All.Sample(Schedules, 50))
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

    private static async Task RunAsync(OperatorSchedule schedule)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(schedule.Buffers, configure: options => options with
        {
            Emulation = new EmulatedKernelOptions { Faults = schedule.Faults > 0 ? EmulatedFaultPlan.Random(schedule.Seed, schedule.Faults) : new EmulatedFaultPlan() },
        });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using OperatorConsumer consumer = new(schedule, queue, peer, connection);
            Task sending = SendAsync(peer, schedule.Bytes);
            await Task.Run(consumer.RunAsync).Within($"the stream ends: {schedule}");
            await consumer.CheckAsync();
            // A connection whose consumer has unsubscribed would wait for another one, so the test closes it.
            connection.Dispose();
            await connection.Finished.Within("no consumer works on the connection any more");
            await queue.AllReturnedAsync();
            await sending.Within("the sender is done");
        }
    }

    private static async Task SendAsync(Peer peer, int bytes)
    {
        try
        {
            await peer.SendAllAsync(bytes);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The schedule has closed or reset the connection.
        }
    }
}
