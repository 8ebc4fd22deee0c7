using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Tests.Pressure;

/// <summary>Tests when a pool gives the memory of added areas back to the system.</summary>
public class TrimMachineTests
{
    private const int First = 16;
    private const long Delay = 60;

    [Fact]
    public void Pool_that_has_not_grown_has_no_deadline()
    {
        TrimMachine machine = new(Delay);

        Assert.False(machine.Observe(1000, First, First, First));
        Assert.Equal(long.MaxValue, machine.Due);
    }

    [Fact]
    public void Grown_pool_is_trimmed_when_its_first_area_has_sufficed_for_the_delay()
    {
        TrimMachine machine = new(Delay);

        Assert.False(machine.Observe(0, First, 2 * First, First + 1));
        Assert.False(machine.Observe(10, First, 2 * First, First + 1));
        Assert.Equal(70, machine.Due);
        Assert.False(machine.Observe(69, First, 2 * First, First));
        Assert.True(machine.Observe(70, First, 2 * First, First));
        Assert.Equal(130, machine.Due);
    }

    [Fact]
    public void Trim_is_only_decided_after_a_whole_delay_without_use_of_added_areas() => Prop
        .ForAll(
            (from advance in Gen.Choose(0, 40) from areas in Gen.Choose(1, 3) from used in Gen.Choose(0, 2 * First) select (advance, areas, used)).ListOf(60).ToArbitrary(),
            static steps =>
            {
                TrimMachine machine = new(Delay);
                long now = 0;
                // The time since which the added areas are not needed: the pool uses no more buffers than the first area has.
                long? calm = null;
                foreach ((int advance, int areas, int used) in steps)
                {
                    now += advance;
                    bool isTrimmed = machine.Observe(now, First, areas * First, used);
                    bool isBusy = areas == 1 || used > First;
                    Assert.Equal(!isBusy && now - calm >= Delay, isTrimmed);
                    if (areas == 1)
                    {
                        calm = null;
                    }
                    else if (isBusy || isTrimmed || calm is null)
                    {
                        calm = now;
                    }

                    Assert.Equal(calm + Delay ?? long.MaxValue, machine.Due);
                }
            })
        .QuickCheckThrowOnFailure();
}
