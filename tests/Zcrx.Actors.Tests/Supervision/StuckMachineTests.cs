using FsCheck;
using FsCheck.Fluent;
using Zcrx.Actors.Queues;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests the rule that decides whether a queue is stuck.</summary>
public class StuckMachineTests
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NotLiveAfter = TimeSpan.FromSeconds(60);

    [Fact]
    public void Turn_that_lasts_is_reported_once_and_so_are_its_escalation_and_its_end()
    {
        StuckMachine machine = new(StuckAfter, NotLiveAfter);

        StuckStep[] steps = [.. new double[] { 0, 1.9, 2, 30, 59.9, 60, 70, 0.1, 0, 2.5, 0 }.Select(seconds => machine.Observe(TimeSpan.FromSeconds(seconds)))];

        Assert.Equal(
            [
                StuckStep.None, StuckStep.None, StuckStep.Began, StuckStep.None, StuckStep.None, StuckStep.FailsLiveness, StuckStep.None, StuckStep.Ended, StuckStep.None,
                StuckStep.Began, StuckStep.Ended,
            ],
            steps);
    }

    [Fact]
    public void Reports_alternate_and_follow_the_limits_for_any_observations()
    {
        foreach (double[] seconds in Gen.ArrayOf(Gen.Choose(0, 80).Select(static value => (double)value)).Sample(1000, 50))
        {
            StuckMachine machine = new(StuckAfter, NotLiveAfter);
            bool isStuck = false;
            bool failsLiveness = false;
            foreach (double second in seconds)
            {
                StuckStep step = machine.Observe(TimeSpan.FromSeconds(second));
                switch (step)
                {
                    case StuckStep.Began:
                        Assert.False(isStuck);
                        isStuck = true;
                        break;
                    case StuckStep.FailsLiveness:
                        Assert.True(isStuck && !failsLiveness && second >= NotLiveAfter.TotalSeconds);
                        failsLiveness = true;
                        break;
                    case StuckStep.Ended:
                        Assert.True(isStuck);
                        (isStuck, failsLiveness) = (false, false);
                        break;
                    default:
                        break;
                }

                Assert.Equal(second >= StuckAfter.TotalSeconds, isStuck);
            }
        }
    }
}
