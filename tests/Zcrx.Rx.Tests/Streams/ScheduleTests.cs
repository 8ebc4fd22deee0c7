using FsCheck.Fluent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests generated combinations of consumers, pools, faults and pieces. Every byte must arrive once and in order, and no buffer may be in
/// flight at the end.
/// </summary>
[Collection(SocketsCollection.Name)]
public class ScheduleTests : IClassFixture<ResourceCheck>
{
    // These runs use real sockets and threads, so they are few. Zcrx.Simulation runs ten thousand schedules without them.
    private const int Schedules = 150;

    [Fact]
    public async Task Any_schedule_delivers_everything_and_a_stuck_consumer_stops_only_its_connection()
    {
        // A schedule mostly waits, so several run at the same time.
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
