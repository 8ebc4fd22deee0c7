using FsCheck.Fluent;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Streams;

namespace Zcrx.Conformance.Backpressure;

/// <summary>
/// Runs generated schedules of the Rx suite on the machine's own kernel, without the faults that the emulation can inject.
/// </summary>
public class GeneratedStreamsTests : IClassFixture<LeakCheck>
{
    private const int Schedules = 30;

    [SkippableFact]
    public async Task Any_schedule_delivers_every_byte_and_a_stuck_consumer_stops_no_other_connection()
    {
        KernelUnderTest.OpenDeviceLess(KernelUnderTest.Linux);
        foreach (Schedule schedule in Schedule.All.Sample(Schedules, 50))
        {
            try
            {
                await ScheduleRun.RunAsync(schedule, new LinuxKernel());
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"failed with {schedule}", exception);
            }
        }
    }
}
