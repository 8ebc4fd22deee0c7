using FsCheck.Fluent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests any combination of consumers, pools, faults and chunks: the received bytes are the sent bytes in order, and finally no buffer is
/// in flight.
/// </summary>
[Collection(SocketsCollection.Name)]
public class ScheduleTests : IClassFixture<ResourceCheck>
{
    // Runs over real sockets and threads. Zcrx.Simulation runs ten thousand schedules of leases, pauses, pools and faults.
    private const int Schedules = 150;

    [Fact]
    public async Task Any_schedule_delivers_everything_and_a_stuck_consumer_stops_only_its_connection()
    {
        // The schedules mostly wait, so several of them run at once.
        ParallelOptions atOnce = new() { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(Schedule.All.Sample(Schedules, 50), atOnce, static async (schedule, _) =>
        {
            try
            {
                await ScheduleRun.RunAsync(schedule);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"failed with {schedule}", exception);
            }
        });
    }
}
