using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Notifications;

namespace Zcrx.Rx.Tests.Notifications;

public class ArmMachineTests
{
    private static readonly Gen<History> Histories =
        from interval in Gen.OneOf(Gen.Choose(1, 20).Select(static value => (long)value), Gen.Elements(1L, 1_000_000, long.MaxValue))
        from turns in (from step in Gen.Frequency((6, Gen.Constant(Step.Fire)), (12, Gen.Constant(Step.Ask)), (1, Gen.Constant(Step.Disarm)))
                       from elapsed in Gen.Choose(0, 15)
                       from answer in Gen.Elements(0, 0, -Errno.EINVAL, -Errno.ENXIO, -Errno.EOPNOTSUPP)
                       select new Turn(step, elapsed, answer)).ListOf(60)
        select new History(interval, [.. turns]);

    [Fact]
    public void Type_is_armed_at_most_once_per_interval_and_its_state_is_exact() => Prop
        .ForAll(Histories.ToArbitrary(), static history => Run(history))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void A_type_that_was_not_registered_stays_disarmed()
    {
        ArmMachine machine = new(registered: false, 1);
        machine.Fired(5);
        Assert.Equal(ArmState.Disarmed, machine.State);
        Assert.False(machine.TryArm(100));
        Assert.False(machine.Armed(0, 100));
        Assert.Equal(ArmState.Disarmed, machine.State);
        Assert.Equal(long.MaxValue, machine.Due);
    }

    [Fact]
    public void Type_is_armed_as_soon_as_the_interval_is_over()
    {
        ArmMachine machine = new(registered: true, 10);
        machine.Fired(100);
        Assert.Equal(110, machine.Due);
        Assert.False(machine.TryArm(109));
        Assert.True(machine.TryArm(110));
    }

    [Fact]
    public void Shorter_interval_applies_at_once_and_a_longer_one_to_the_next_event()
    {
        ArmMachine machine = new(registered: true, 10);
        machine.Fired(100);
        machine.SetInterval(3, 102);
        Assert.Equal(105, machine.Due);
        machine.SetInterval(50, 103);
        Assert.Equal(105, machine.Due);
        Assert.True(machine.TryArm(105));
        Assert.False(machine.Armed(-Errno.ENXIO, 105));
        Assert.Equal(155, machine.Due);
        machine.Fired(110);
        Assert.Equal(160, machine.Due);
    }

    [Fact]
    public void Interval_beyond_the_range_of_time_never_ends()
    {
        ArmMachine machine = new(registered: true, long.MaxValue - 10);
        machine.Fired(9);
        Assert.Equal(long.MaxValue - 1, machine.Due);
        machine.Fired(11);
        Assert.Equal(long.MaxValue, machine.Due);
        Assert.False(machine.TryArm(long.MaxValue - 1));
    }

    [Fact]
    public void Type_that_is_disarmed_while_it_is_armed_stays_disarmed()
    {
        ArmMachine machine = new(registered: true, 1);
        Assert.False(machine.Armed(0, 0));
        machine.Fired(0);
        Assert.True(machine.TryArm(1));
        machine.Disarm();
        Assert.False(machine.Armed(0, 1));
        Assert.Equal((ArmState.Disarmed, long.MaxValue), (machine.State, machine.Due));
    }

    private static void Run(History history)
    {
        ArmMachine machine = new(registered: true, history.Interval);
        Assert.Equal(ArmState.Armed, machine.State);
        long now = 1000;
        long? lastAsked = null;
        bool disarmed = false;
        foreach (Turn turn in history.Turns)
        {
            now += turn.Elapsed;
            switch (turn.Step)
            {
                case Step.Fire:
                    machine.Fired(now);
                    Assert.Equal(disarmed ? ArmState.Disarmed : ArmState.Fired, machine.State);
                    break;
                case Step.Disarm:
                    machine.Disarm();
                    disarmed = true;
                    break;
                default:
                    if (Ask(ref machine, turn.Answer, now))
                    {
                        Assert.False(disarmed);
                        Assert.True(lastAsked is null || now - lastAsked >= history.Interval, $"asked at {lastAsked} and {now}");
                        lastAsked = now;
                    }

                    break;
            }

            Assert.True(machine.State == ArmState.Fired || machine.Due == long.MaxValue);
            Assert.True(!disarmed || machine.State == ArmState.Disarmed);
        }
    }

    private static bool Ask(ref ArmMachine machine, int answer, long now)
    {
        ArmState before = machine.State;
        long due = machine.Due;
        bool asks = machine.TryArm(now);
        Assert.Equal(before == ArmState.Fired && now >= due, asks);
        if (!asks)
        {
            Assert.Equal(before, machine.State);
            return false;
        }

        Assert.Equal(ArmState.Arming, machine.State);
        Assert.False(machine.TryArm(now));
        bool armed = machine.Armed(answer, now);
        Assert.Equal(answer is 0 or -Errno.EINVAL, armed);
        Assert.Equal(armed ? ArmState.Armed : ArmState.Fired, machine.State);
        return true;
    }

    private enum Step
    {
        Fire,
        Ask,
        Disarm,
    }

    private sealed record Turn(Step Step, int Elapsed, int Answer);

    private sealed record History(long Interval, Turn[] Turns);
}
