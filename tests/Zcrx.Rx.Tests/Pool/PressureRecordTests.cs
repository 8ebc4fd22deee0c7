using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Pool;

namespace Zcrx.Rx.Tests.Pool;

public class PressureRecordTests
{
    private static readonly Gen<(int Level, int Before, int Between, int After)> Steps =
        from level in Gen.Choose(0, 2)
        from before in Gen.Choose(0, 5)
        from between in Gen.Choose(0, 5)
        from after in Gen.Choose(0, 5)
        select (level, before, between, after);

    [Fact]
    public void Time_under_pressure_counts_what_was_above_normal() => Prop
        .ForAll(Steps.ListOf(40).ToArbitrary(), static steps =>
        {
            PressureRecord record = new();
            long now = 1;
            long expected = 0;
            foreach ((int level, int before, _, _) in steps)
            {
                expected += record.Level == PoolPressureLevel.Normal ? 0 : before;
                now += before;
                record.Change((PoolPressureLevel)level, now);
                Assert.Equal((PoolPressureLevel)level, record.Level);
                Assert.Equal(expected, record.TicksUnderPressure(() => now));
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Time_under_pressure_never_falls_when_the_level_changes_during_a_read() => Prop
        .ForAll(Steps.ListOf(40).ToArbitrary(), static steps =>
        {
            PressureRecord record = new();
            long now = 1;
            long last = 0;
            foreach ((int level, int before, int between, int after) in steps)
            {
                now += before;
                long read = record.TicksUnderPressure(() =>
                {
                    long time = now + after;
                    // The ring thread has read the clock before the reader, but publishes its change only after the reader has read the
                    // clock.
                    record.Change((PoolPressureLevel)level, now);
                    now += between;
                    return time;
                });
                Assert.True(read >= last, $"{read} after {last}");
                last = read;
                now += after;
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));
}
