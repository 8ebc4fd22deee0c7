using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Tests.Stopping;

public class StopMachineTests
{
    private const long CancelTicks = 30;
    private const long PollTicks = 5;

    private static readonly Gen<Facts> AllFacts =
        from bits in Gen.Choose(0, 127)
        select new Facts((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0, (bits & 64) != 0);

    /// <summary>
    /// Generates one turn: a command (0 none, 1 stop, 2 suspend), the drain time, the elapsed ticks, and the state of the queue.
    /// </summary>
    private static readonly Gen<(int Command, int Drain, int Ticks, Facts Facts)> Turns =
        from command in Gen.Frequency((6, Gen.Constant(0)), (1, Gen.Constant(1)), (1, Gen.Constant(2)))
        from drain in Gen.Choose(0, 50)
        from ticks in Gen.Choose(0, 10)
        from facts in AllFacts
        select (command, drain, ticks, facts);

    [Fact]
    public void Queue_cancels_once_and_ends_no_later_than_its_deadlines_allow() => Prop
        .ForAll(Turns.ListOf(60).ToArbitrary(), static turns =>
        {
            StopMachine machine = new(CancelTicks, PollTicks);
            long now = 100;
            long? drainEnd = null;
            long? cancelledAt = null;
            bool hasEndedStreams = false;
            foreach ((int command, int drain, int ticks, Facts facts) in turns)
            {
                now += ticks;
                bool wasEnding = machine.IsEnding;
                bool removesListeners = command switch
                {
                    1 => machine.BeginStop(now, now + drain),
                    2 => machine.BeginSuspension(now + drain),
                    _ => false,
                };
                Assert.Equal(command != 0 && !wasEnding, removesListeners);
                if (command == 1 || removesListeners)
                {
                    drainEnd = long.Min(drainEnd ?? long.MaxValue, now + drain);
                }

                StopStep step = machine.Decide(now, facts);
                if (step == StopStep.EndStreams)
                {
                    Assert.False(hasEndedStreams || machine.Suspends || facts.IsDrained, "streams were ended twice, or for nothing");
                    hasEndedStreams = true;
                }

                if (step == StopStep.Cancel)
                {
                    Assert.Null(cancelledAt);
                    cancelledAt = now;
                    step = machine.Decide(now, facts);
                    Assert.NotEqual(StopStep.Cancel, step);
                }

                Assert.Equal(cancelledAt is not null, machine.IsStopping);
                if (step == StopStep.End)
                {
                    Assert.NotNull(cancelledAt);
                    bool isDone = !facts.HasListeners && (!facts.HasConnections || (machine.Suspends && !facts.HasRequests));
                    Assert.True(isDone || now >= cancelledAt + CancelTicks, "requests were waited for");
                    Assert.False(facts.HasLingering, "a socket was closed before its time");
                    return;
                }

                // The queue has not ended in this turn, so its deadline must not have passed. While sockets linger, the deadline of
                // cancelling does not apply.
                Assert.True(drainEnd is null || cancelledAt is not null || now < drainEnd, "draining continued after its deadline");
                Assert.True(cancelledAt is null || facts.HasLingering || now < cancelledAt + CancelTicks, "cancelling continued after its deadline");
                long due = machine.Due(now);
                Assert.Equal(drainEnd is null, due == long.MaxValue);
                Assert.True(due == long.MaxValue || (due > now && due <= now + CancelTicks), "the ring thread spins, or sleeps past the deadline");
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Machine_of_an_open_queue_does_nothing() => Prop
        .ForAll(AllFacts.ToArbitrary(), static facts =>
        {
            StopMachine machine = new(CancelTicks, PollTicks);
            Assert.Equal(StopStep.None, machine.Decide(long.MaxValue, facts));
            Assert.False(machine.IsEnding);
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Stop_waits_for_consumers_and_a_suspension_only_until_the_sockets_are_empty()
    {
        Facts leasesAreOut = new(HasUnreceived: false, IsDelivered: true, IsDrained: false, HasListeners: false, HasConnections: true, HasRequests: true);
        StopMachine stop = new(CancelTicks, PollTicks);
        stop.BeginStop(0, 1000);
        Assert.Equal(StopStep.EndStreams, stop.Decide(0, leasesAreOut));
        Assert.Equal(StopStep.None, stop.Decide(1, leasesAreOut));
        Assert.Equal(StopStep.Cancel, stop.Decide(2, leasesAreOut with { IsDrained = true }));

        StopMachine suspension = new(CancelTicks, PollTicks);
        suspension.BeginSuspension(1000);
        Assert.Equal(StopStep.Cancel, suspension.Decide(0, leasesAreOut));
        Assert.Equal(StopStep.None, suspension.Decide(1, leasesAreOut));
        // A suspension ends without closing the connections. It only waits until none of them has a request.
        Assert.Equal(StopStep.End, suspension.Decide(2, leasesAreOut with { HasRequests = false }));
    }

    [Fact]
    public void Streams_do_not_end_before_everything_is_delivered()
    {
        Facts arriving = new(HasUnreceived: true, IsDelivered: false, IsDrained: false, HasListeners: false, HasConnections: true, HasRequests: true);
        StopMachine stop = new(CancelTicks, PollTicks);
        stop.BeginStop(0, 1000);
        Assert.Equal(StopStep.None, stop.Decide(0, arriving));
        Assert.Equal(StopStep.EndStreams, stop.Decide(1, arriving with { IsDelivered = true }));
        Assert.Equal(StopStep.Cancel, stop.Decide(1000, arriving));
    }

    [Fact]
    public void Peers_that_never_pause_leave_half_of_the_time_to_consumers()
    {
        Facts load = new(HasUnreceived: true, IsDelivered: false, IsDrained: false, HasListeners: false, HasConnections: true, HasRequests: true);
        StopMachine stop = new(CancelTicks, PollTicks);
        stop.BeginStop(0, 1000);
        Assert.Equal(StopStep.None, stop.Decide(499, load));
        Assert.Equal(StopStep.EndStreams, stop.Decide(500, load));
        Assert.Equal(StopStep.None, stop.Decide(999, load));
        Assert.Equal(StopStep.Cancel, stop.Decide(999, load with { IsDrained = true }));
    }

    [Fact]
    public void Second_stop_shortens_the_first_and_never_extends_it()
    {
        StopMachine stop = new(CancelTicks, PollTicks);
        Assert.True(stop.BeginStop(0, 1000));
        Assert.False(stop.BeginStop(100, 300));
        Assert.Equal(StopStep.None, stop.Decide(199, Load));
        Assert.Equal(StopStep.EndStreams, stop.Decide(200, Load));
        Assert.False(stop.BeginStop(250, 5000));
        Assert.Equal(StopStep.None, stop.Decide(299, Load));
        Assert.Equal(StopStep.Cancel, stop.Decide(300, Load));

        stop = new StopMachine(CancelTicks, PollTicks);
        stop.BeginStop(0, 100);
        stop.BeginStop(10, 5000);
        Assert.Equal(StopStep.EndStreams, stop.Decide(50, Load));
        Assert.Equal(StopStep.Cancel, stop.Decide(100, Load));
    }

    [Fact]
    public void Streams_are_not_ended_at_the_deadline_or_when_nothing_is_left()
    {
        StopMachine stop = new(CancelTicks, PollTicks);
        stop.BeginStop(0, 1000);
        Assert.Equal(StopStep.Cancel, stop.Decide(1000, Load with { IsDelivered = true }));
        Assert.False(stop.HasEndedStreams);

        stop = new StopMachine(CancelTicks, PollTicks);
        stop.BeginStop(0, 1000);
        Assert.Equal(StopStep.Cancel, stop.Decide(0, Load with { IsDelivered = true, IsDrained = true }));
    }

    [Fact]
    public void Streams_have_ended_from_EndStreams_until_the_requests_are_cancelled()
    {
        StopMachine stop = new(CancelTicks, PollTicks);
        Assert.False(stop.IsClosing);
        stop.BeginStop(0, 1000);
        Assert.Equal((true, false), (stop.IsClosing, stop.HasEndedStreams));
        Assert.Equal((true, false), (stop.MayReceive(499), stop.MayReceive(500)));
        stop.Decide(500, Load);
        Assert.Equal((true, true), (stop.IsClosing, stop.HasEndedStreams));
        stop.Decide(1000, Load);
        Assert.Equal((false, false), (stop.IsClosing, stop.HasEndedStreams));
    }

    [Fact]
    public void Suspension_waits_for_unreceived_bytes_until_its_deadline()
    {
        StopMachine suspension = new(CancelTicks, PollTicks);
        Assert.True(suspension.BeginSuspension(1000));
        Assert.Equal((true, true, false), (suspension.Suspends, suspension.IsEnding, suspension.IsStopping));
        Assert.False(suspension.IsClosing);
        Assert.Equal(StopStep.None, suspension.Decide(999, Load with { IsDelivered = true, IsDrained = true }));
        Assert.Equal(StopStep.Cancel, suspension.Decide(1000, Load));
        Assert.Equal((true, true), (suspension.IsStopping, suspension.IsEnding));
    }

    [Fact]
    public void Suspension_during_a_stop_changes_nothing()
    {
        StopMachine stop = new(CancelTicks, PollTicks);
        stop.BeginStop(0, 1000);
        Assert.False(stop.BeginSuspension(10));
        Assert.False(stop.Suspends);
        Assert.Equal(StopStep.None, stop.Decide(10, Load));
    }

    [Fact]
    public void Cancelled_requests_and_listeners_are_waited_for_until_the_deadline_and_lingering_sockets_beyond_it()
    {
        Facts gone = new(HasUnreceived: false, IsDelivered: true, IsDrained: true, HasListeners: false, HasConnections: false, HasRequests: false);
        StopMachine stop = new(CancelTicks, PollTicks);
        stop.BeginStop(0, 10);
        Assert.Equal(StopStep.Cancel, stop.Decide(10, Load));
        Assert.Equal(StopStep.None, stop.Decide(39, gone with { HasConnections = true }));
        Assert.Equal(StopStep.None, stop.Decide(39, gone with { HasListeners = true }));
        Assert.Equal(StopStep.None, stop.Decide(1000, gone with { HasLingering = true }));
        Assert.Equal(StopStep.End, stop.Decide(39, gone));
        Assert.Equal(StopStep.End, stop.Decide(40, gone with { HasConnections = true, HasListeners = true }));
    }

    [Fact]
    public void Next_look_is_after_the_poll_interval_and_not_after_the_deadline()
    {
        StopMachine stop = new(CancelTicks, PollTicks);
        Assert.Equal(long.MaxValue, stop.Due(7));
        stop.BeginStop(0, 1000);
        Assert.Equal((5, 1000), (stop.Due(0), stop.Due(998)));
        stop.Decide(1000, Load);
        // After the cancellation, no polling is needed until the deadline, because the completions wake the thread.
        Assert.Equal((1030, 1030, 1035), (stop.Due(1000), stop.Due(1029), stop.Due(1030)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Failure_suspends_connections_only_if_they_can_be_suspended(bool canSuspend)
    {
        StopMachine machine = new(CancelTicks, PollTicks);
        machine.BeginSalvage(canSuspend);
        Assert.Equal((canSuspend, true), (machine.Suspends, machine.IsSalvaging));
        Assert.False(machine.BeginStop(0, 10));
        Assert.Equal((true, false), (machine.IsEnding, machine.IsStopping));
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    public void Failure_suspends_connections_unless_the_queue_was_being_closed(bool suspends, bool isEnding, bool expected)
    {
        StopMachine machine = new(CancelTicks, PollTicks);
        if (isEnding)
        {
            _ = suspends ? machine.BeginSuspension(10) : machine.BeginStop(0, 10);
        }

        machine.BeginSalvage(canSuspend: true);

        Assert.Equal((expected, true, true), (machine.Suspends, machine.IsSalvaging, machine.IsEnding));
    }

    /// <summary>Gets the state of a queue whose peers still send and whose consumers still lease buffers.</summary>
    private static Facts Load { get; } = new(HasUnreceived: true, IsDelivered: false, IsDrained: false, HasListeners: false, HasConnections: true, HasRequests: true);

    private sealed record Facts(bool HasUnreceived, bool IsDelivered, bool IsDrained, bool HasListeners, bool HasConnections, bool HasRequests, bool HasLingering = false) : IStopFacts;
}
