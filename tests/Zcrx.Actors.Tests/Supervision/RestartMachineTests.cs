using FsCheck;
using FsCheck.Fluent;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Supervision;

public class RestartMachineTests
{
    private static readonly Exception Transient = new InvalidOperationException("transient");

    public static TheoryData<Exception> Permanent => new(
        new ZcrxConfigurationException([new ZcrxConfigurationError("Zcrx", "wrong")]),
        new ZcrxNotPermittedException("x", 1, "x", ""),
        new ZcrxUnsupportedException("x", 1, "x", ""),
        new ZcrxDeviceException("x", 1, "x", ""));

    [Fact]
    public void Delays_double_up_to_MaxBackoff_until_MaxRestarts_is_reached()
    {
        var machine = Opened(new ZcrxRestartOptions { MinBackoff = TimeSpan.FromSeconds(1), MaxBackoff = TimeSpan.FromSeconds(5), MaxRestarts = 4 });

        var decisions = Enumerable.Range(0, 5).Select(second => machine.Failed(Transient, TimeSpan.FromSeconds(second), chance: 0)).ToList();

        Assert.Equal([1, 2, 4, 5], decisions.Take(4).Select(decision => decision.Delay!.Value.TotalSeconds));
        Assert.Equal([1, 2, 3, 4], decisions.Take(4).Select(decision => decision.Attempt));
        Assert.Null(decisions[4].Delay);
        Assert.Equal("it failed 5 times within 00:05:00", decisions[4].Reason);
    }

    [Theory]
    [MemberData(nameof(Permanent))]
    public void A_permanent_failure_is_not_retried(Exception cause)
    {
        var decision = Opened(new ZcrxRestartOptions()).Failed(cause, TimeSpan.Zero, 0);

        Assert.Null(decision.Delay);
        Assert.Equal("a restart cannot fix this", decision.Reason);
    }

    [Fact]
    public void The_first_opening_is_retried_only_for_a_busy_queue()
    {
        RestartMachine machine = new(new ZcrxRestartOptions());

        Assert.NotNull(machine.Failed(new ZcrxQueueBusyException("x", 1, "x", ""), TimeSpan.Zero, 0).Delay);
        Assert.Null(machine.Failed(Transient, TimeSpan.Zero, 0).Delay);
    }

    [Fact]
    public void Restarts_outside_the_window_do_not_count()
    {
        var machine = Opened(new ZcrxRestartOptions { MaxRestarts = 1, Within = TimeSpan.FromMinutes(1) });

        Assert.Equal(1, machine.Failed(Transient, TimeSpan.Zero, 0).Attempt);
        Assert.Equal(1, machine.Failed(Transient, TimeSpan.FromMinutes(2), 0).Attempt);
        Assert.Null(machine.Failed(Transient, TimeSpan.FromMinutes(2.5), 0).Delay);
    }

    [Fact]
    public void Failures_exactly_at_the_edge_of_the_window_count()
    {
        var machine = Opened(new ZcrxRestartOptions { Within = TimeSpan.FromMinutes(1) });

        Assert.Equal(1, machine.Failed(Transient, TimeSpan.Zero, 0).Attempt);
        Assert.Equal(2, machine.Failed(Transient, TimeSpan.FromMinutes(1), 0).Attempt);
        Assert.Equal(2, machine.Failed(Transient, TimeSpan.FromMinutes(1) + TimeSpan.FromTicks(1), 0).Attempt);
    }

    [Fact]
    public void Chance_lengthens_the_delay_by_its_part_of_RandomFactor()
    {
        var machine = Opened(new ZcrxRestartOptions { MinBackoff = TimeSpan.FromSeconds(1), MaxBackoff = TimeSpan.FromSeconds(3), RandomFactor = 0.5 });

        Assert.Equal(TimeSpan.FromSeconds(1.25), machine.Failed(Transient, TimeSpan.Zero, chance: 0.5).Delay);
        Assert.Equal(TimeSpan.FromSeconds(3), machine.Failed(Transient, TimeSpan.Zero, chance: 1).Delay);
        Assert.Equal(TimeSpan.FromSeconds(4.5), machine.Failed(Transient, TimeSpan.Zero, chance: 1).Delay);
    }

    [Fact]
    public void Reset_forgets_failures_and_not_that_the_queue_was_open()
    {
        var machine = Opened(new ZcrxRestartOptions { MaxRestarts = 1 });
        machine.Failed(Transient, TimeSpan.Zero, 0);
        Assert.Equal((null, 2), (machine.Failed(Transient, TimeSpan.Zero, 0).Delay, machine.Failed(new ZcrxDeviceException("x", 1, "x", ""), TimeSpan.Zero, 0).Attempt));

        machine.Reset();

        Assert.True(machine.HasOpened);
        var decision = machine.Failed(Transient, TimeSpan.Zero, 0);
        Assert.Equal((true, 1, ""), (decision.Delay is not null, decision.Attempt, decision.Reason));
    }

    [Fact]
    public void Changed_options_apply_to_later_failures()
    {
        var machine = Opened(new ZcrxRestartOptions { MaxRestarts = 1 });
        machine.Failed(Transient, TimeSpan.Zero, 0);
        machine.Reconfigure(new ZcrxRestartOptions { MaxRestarts = 2, MinBackoff = TimeSpan.FromSeconds(3) });
        Assert.Equal(TimeSpan.FromSeconds(6), machine.Failed(Transient, TimeSpan.Zero, 0).Delay);
        machine.Reconfigure(new ZcrxRestartOptions { IsPermanent = static _ => true });
        Assert.Equal("a restart cannot fix this", machine.Failed(Transient, TimeSpan.Zero, 0).Reason);
    }

    [Fact]
    public void Machine_of_a_queue_that_was_never_open_reports_so() => Assert.False(new RestartMachine(new ZcrxRestartOptions()).HasOpened);

    [Fact]
    public void Restarts_within_the_window_and_delays_stay_within_their_bounds()
    {
        var cases = (
            from max in Gen.Choose(0, 20)
            from window in Gen.Choose(1, 100)
            from gaps in Gen.Choose(0, 30).ListOf()
            from chance in Gen.Choose(0, 100)
            select (max, window, gaps, chance)).ToArbitrary();
        Prop.ForAll(cases, static @case =>
        {
            ZcrxRestartOptions options = new() { MaxRestarts = @case.max, Within = TimeSpan.FromSeconds(@case.window) };
            var machine = Opened(options);
            var now = TimeSpan.Zero;
            List<TimeSpan> restarts = [];
            foreach (int gap in @case.gaps)
            {
                now += TimeSpan.FromSeconds(gap);
                var decision = machine.Failed(Transient, now, @case.chance / 100.0);
                if (decision.Delay is { } delay)
                {
                    restarts.Add(now);
                    Assert.InRange(delay, options.MinBackoff, options.MaxBackoff * (1 + options.RandomFactor));
                }

                Assert.True(restarts.Count(time => now - time <= options.Within) <= options.MaxRestarts);
            }
        }).QuickCheckThrowOnFailure();
    }

    private static RestartMachine Opened(ZcrxRestartOptions options)
    {
        RestartMachine machine = new(options);
        machine.Opened();
        return machine;
    }
}
