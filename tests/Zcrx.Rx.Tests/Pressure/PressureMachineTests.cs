using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Pressure;

namespace Zcrx.Rx.Tests.Pressure;

public class PressureMachineTests
{
    /// <summary>
    /// Generates a pool and its history: for each turn, the number of buffers in flight and whether a receive found no buffer.
    /// </summary>
    private static readonly Gen<History> Histories =
        from buffers in Gen.OneOf(Gen.Choose(2, 20), Gen.Choose(2, 5000))
        from high in Gen.Choose(2, 100)
        from low in Gen.Choose(1, high - 1)
        from turns in (from level in Gen.OneOf(Gen.Choose(0, buffers), Gen.Elements(0, 1, buffers - 1, buffers))
                       from starved in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
                       select (level, starved)).ListOf(50)
        select new History(buffers, high / 100.0, low / 100.0, [.. turns]);

    [Fact]
    public void Level_rises_and_falls_at_the_marks() => Prop
        .ForAll(Histories.ToArbitrary(), static history =>
        {
            PressureMachine machine = new(history.High, history.Low);
            Assert.Equal(PoolPressureLevel.Normal, machine.Level);
            foreach ((int held, bool starved) in history.Turns)
            {
                PoolPressureLevel before = machine.Level;
                bool changed = machine.Observe(held, history.Buffers, starved);
                Assert.Equal(machine.Level != before, changed);
                if (held >= history.Buffers - PressureMachine.Reserve(history.Buffers))
                {
                    Assert.Equal(PoolPressureLevel.Exhausted, machine.Level);
                }

                if (held == 0)
                {
                    Assert.Equal(PoolPressureLevel.Normal, machine.Level);
                }

                if (before == PoolPressureLevel.Exhausted && changed)
                {
                    // The level never falls from Exhausted to High. Paused connections stay paused until it is Normal.
                    Assert.Equal(PoolPressureLevel.Normal, machine.Level);
                }

                // Observing the same facts again must not change the level.
                Assert.False(machine.Observe(held, history.Buffers, starved));
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_level_rises_at_the_high_mark_and_falls_at_the_low_one_only() => Prop
        .ForAll(Histories.ToArbitrary(), static history =>
        {
            // The number of leased buffers first rises and then falls, one by one. The level must change once in each direction, and fall
            // at a lower number than it rose.
            PressureMachine machine = new(history.High, history.Low);
            int rise = Enumerable.Range(0, history.Buffers + 1).First(held => machine.Observe(held, history.Buffers, false));
            int exhausted = history.Buffers - PressureMachine.Reserve(history.Buffers);
            Assert.InRange(rise, 1, exhausted);
            Assert.Equal(rise < exhausted ? PoolPressureLevel.High : PoolPressureLevel.Exhausted, machine.Level);
            int fall = Enumerable.Range(0, rise + 1).Reverse().First(held => machine.Observe(held, history.Buffers, false));
            Assert.InRange(fall, 0, rise - 1);
            Assert.Equal(PoolPressureLevel.Normal, machine.Level);
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_pool_of_two_buffers_is_normal_or_exhausted()
    {
        PressureMachine machine = new(0.75, 0.5);
        Assert.True(machine.Observe(1, 2, false));
        Assert.Equal(PoolPressureLevel.Exhausted, machine.Level);
        Assert.False(machine.Observe(2, 2, false));
        Assert.False(machine.Observe(1, 2, false));
        Assert.True(machine.Observe(0, 2, false));
        Assert.Equal(PoolPressureLevel.Normal, machine.Level);
    }

    [Theory]
    [InlineData(64, 47, PoolPressureLevel.Normal)]
    [InlineData(64, 48, PoolPressureLevel.High)]
    [InlineData(64, 55, PoolPressureLevel.High)]
    [InlineData(64, 56, PoolPressureLevel.Exhausted)]
    [InlineData(64, 64, PoolPressureLevel.Exhausted)]
    public void Default_marks_match_their_documentation(int buffers, int held, PoolPressureLevel level)
    {
        PressureMachine machine = new(0.75, 0.5);
        machine.Observe(held, buffers, false);
        Assert.Equal(level, machine.Level);
    }

    [Theory]
    [InlineData(33, PoolPressureLevel.High)]
    [InlineData(32, PoolPressureLevel.Normal)]
    public void A_high_level_falls_at_the_low_mark_and_not_above_it(int held, PoolPressureLevel level)
    {
        PressureMachine machine = new(0.75, 0.5);
        Assert.True(machine.Observe(50, 64, false));
        machine.Observe(held, 64, false);
        Assert.Equal(level, machine.Level);
    }

    [Theory]
    [InlineData(17, PoolPressureLevel.High)]
    [InlineData(16, PoolPressureLevel.Normal)]
    public void Changed_marks_apply_to_the_next_observation(int held, PoolPressureLevel level)
    {
        PressureMachine machine = new(0.75, 0.5);
        machine.SetMarks(0.5, 0.25);
        Assert.True(machine.Observe(32, 64, false));
        Assert.Equal(PoolPressureLevel.High, machine.Level);
        machine.Observe(held, 64, false);
        Assert.Equal(level, machine.Level);
    }

    [Theory]
    [InlineData(33, PoolPressureLevel.Exhausted)]
    [InlineData(32, PoolPressureLevel.Normal)]
    public void Starved_receive_exhausts_a_pool_above_the_low_mark(int held, PoolPressureLevel level)
    {
        PressureMachine machine = new(0.75, 0.5);
        machine.Observe(held, 64, starved: true);
        Assert.Equal(level, machine.Level);
    }

    [Theory]
    [InlineData(7, PoolPressureLevel.Normal)]
    [InlineData(8, PoolPressureLevel.High)]
    public void High_mark_is_rounded_up_to_whole_buffers(int held, PoolPressureLevel level)
    {
        PressureMachine machine = new(0.75, 0.5);
        machine.Observe(held, 10, starved: false);
        Assert.Equal(level, machine.Level);
    }

    [Theory]
    [InlineData(64, 3, 16)]
    [InlineData(64, 0, 64)]
    [InlineData(64, 100, 1)]
    public void Quota_divides_the_buffers_by_the_connections_and_one_more(int buffers, int connections, int quota) =>
        Assert.Equal(quota, PressureMachine.Quota(buffers, connections, configured: 0));

    [Fact]
    public void Growing_pool_lowers_the_level() => Prop
        .ForAll(Histories.ToArbitrary(), static history =>
        {
            PressureMachine machine = new(history.High, history.Low);
            machine.Observe(history.Buffers, history.Buffers, true);
            int buffers = history.Buffers;
            while (machine.Level != PoolPressureLevel.Normal && buffers < 1_000_000_000)
            {
                buffers *= 2;
                machine.Observe(history.Buffers, buffers, false);
            }

            Assert.Equal(PoolPressureLevel.Normal, machine.Level);
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void A_quota_is_at_least_one_buffer_and_an_equal_share_otherwise() => Prop
        .ForAll(
            Gen.Choose(2, 300_000).ToArbitrary(),
            Gen.Choose(0, 5000).ToArbitrary(),
            static (buffers, connections) =>
            {
                int quota = PressureMachine.Quota(buffers, connections, 0);
                Assert.InRange(quota, 1, buffers);
                Assert.True(quota == 1 || (long)quota * connections <= buffers);
                Assert.Equal(7, PressureMachine.Quota(buffers, connections, 7));
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Theory]
    [InlineData(2, 1)]
    [InlineData(8, 1)]
    [InlineData(16, 2)]
    [InlineData(16384, 2048)]
    public void Reserve_is_an_eighth_of_the_buffers_and_at_least_one(int buffers, int reserve) => Assert.Equal(reserve, PressureMachine.Reserve(buffers));

    private sealed record History(int Buffers, double High, double Low, (int Out, bool Starved)[] Turns);
}
