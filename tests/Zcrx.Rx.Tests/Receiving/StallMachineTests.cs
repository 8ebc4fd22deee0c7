using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Tests.Receiving;

/// <summary>Tests when a connection counts as stalled. The observations are generated.</summary>
public class StallMachineTests
{
    private const long Timeout = 100;

    [Fact]
    public void Bytes_that_wait_for_the_whole_timeout_are_reported_once()
    {
        StallMachine machine = default;
        Assert.Equal(StallStep.None, machine.Look(0, 10, isOverdue: false, Timeout));
        Assert.Equal(StallStep.Rearm, machine.Look(50, 10, isOverdue: true, Timeout));
        Assert.Equal(StallStep.Rearm, machine.Look(149, 10, isOverdue: true, Timeout));
        Assert.Equal(StallStep.Report, machine.Look(150, 10, isOverdue: true, Timeout));
        Assert.Equal(StallStep.Rearm, machine.Look(900, 10, isOverdue: true, Timeout));
        Assert.Equal(50, machine.Since);
    }

    [Theory]
    [InlineData(11, true)]
    [InlineData(10, false)]
    public void Stall_is_over_when_bytes_arrive_or_none_wait(long position, bool isOverdue)
    {
        StallMachine machine = default;
        machine.Look(0, 10, isOverdue: false, Timeout);
        machine.Look(1, 10, isOverdue: true, Timeout);
        Assert.Equal(StallStep.Report, machine.Look(200, 10, isOverdue: true, Timeout));
        Assert.Equal(StallStep.Recovered, machine.Look(201, position, isOverdue, Timeout));
        Assert.Equal(StallStep.None, machine.Look(202, position, isOverdue: false, Timeout));
    }

    [Fact]
    public void Each_stall_is_measured_from_its_own_beginning()
    {
        StallMachine machine = default;
        machine.Look(0, 10, isOverdue: false, Timeout);
        Assert.Equal(StallStep.Rearm, machine.Look(10, 10, isOverdue: true, Timeout));
        Assert.Equal(StallStep.Report, machine.Look(110, 10, isOverdue: true, Timeout));
        Assert.True(machine.IsReported);
        Assert.True(machine.HasProgressed(11));
        Assert.Equal(StallStep.Recovered, machine.Look(120, 11, isOverdue: true, Timeout));
        Assert.False(machine.IsReported);
        Assert.False(machine.HasProgressed(11));
        Assert.Equal(StallStep.Rearm, machine.Look(130, 11, isOverdue: true, Timeout));
        Assert.Equal(130, machine.Since);
        Assert.Equal(StallStep.Rearm, machine.Look(229, 11, isOverdue: true, Timeout));
        Assert.Equal(StallStep.Report, machine.Look(230, 11, isOverdue: true, Timeout));
    }

    [Fact]
    public void Reports_and_recoveries_alternate_and_a_report_needs_the_timeout_without_a_byte() => Prop.ForAll(
        Gen.Choose(0, 60).SelectMany(count => Look.ListOf(count)).ToArbitrary(),
        static looks =>
        {
            StallMachine machine = default;
            long now = 0;
            long position = 0;
            long? overdueSince = null;
            bool isReported = false;
            foreach ((int elapsed, int received, bool isOverdue) in looks)
            {
                now += elapsed;
                position += received;
                overdueSince = isOverdue && received == 0 ? overdueSince ?? now : null;
                StallStep step = machine.Look(now, position, isOverdue, Timeout);
                StallStep expected = overdueSince is not { } since ? (isReported ? StallStep.Recovered : StallStep.None)
                    : !isReported && now - since >= Timeout ? StallStep.Report
                    : StallStep.Rearm;
                isReported = overdueSince is not null && (isReported || expected == StallStep.Report);
                if (step != expected || machine.IsReported != isReported)
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();

    private static Gen<(int Elapsed, int Received, bool IsOverdue)> Look =>
        from elapsed in Gen.Choose(0, 80)
        from received in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 5)))
        from isOverdue in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        select (elapsed, received, isOverdue);
}
