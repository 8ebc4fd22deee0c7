using Zcrx.Actors.Queues;

namespace Zcrx.Actors.Tests.Supervision;

public class AbandonRuleTests
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(3);

    private readonly AbandonRule _rule = new(StuckAfter);

    [Fact]
    public void Thread_in_the_same_turn_at_two_observations_may_be_abandoned()
    {
        Assert.False(_rule.Observe(7, StuckAfter, TimeSpan.Zero));
        Assert.False(_rule.Observe(7, 2 * StuckAfter, AbandonRule.Confirmation - TimeSpan.FromTicks(1)));
        Assert.True(_rule.Observe(7, 2 * StuckAfter, AbandonRule.Confirmation));
    }

    [Fact]
    public void Thread_that_leaves_its_turn_after_a_pause_of_the_process_is_not_abandoned()
    {
        // The process was stopped for an hour during a short turn, so this turn seems to have lasted for an hour.
        Assert.False(_rule.Observe(7, TimeSpan.FromMilliseconds(1), TimeSpan.Zero));
        Assert.False(_rule.Observe(7, TimeSpan.FromHours(1), TimeSpan.FromHours(1)));
        Assert.False(_rule.Observe(8, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1) + AbandonRule.Confirmation));
        Assert.False(_rule.Observe(8, TimeSpan.Zero, TimeSpan.FromHours(2)));
    }

    [Fact]
    public void Next_turn_that_is_stuck_needs_two_observations_of_its_own()
    {
        Assert.False(_rule.Observe(7, StuckAfter, TimeSpan.Zero));
        Assert.False(_rule.Observe(8, StuckAfter, StuckAfter));
        Assert.True(_rule.Observe(8, 2 * StuckAfter, 2 * StuckAfter));
    }

    [Fact]
    public void Turn_in_which_the_thread_has_slept_between_two_observations_needs_two_again()
    {
        Assert.False(_rule.Observe(7, StuckAfter, TimeSpan.Zero));
        Assert.False(_rule.Observe(7, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        Assert.False(_rule.Observe(7, StuckAfter, TimeSpan.FromSeconds(5)));
        Assert.True(_rule.Observe(7, StuckAfter, TimeSpan.FromSeconds(6)));
    }

    [Fact]
    public void Confirmation_counts_from_the_first_observation_of_a_turn()
    {
        TimeSpan begin = TimeSpan.FromHours(1);
        Assert.False(_rule.Observe(7, StuckAfter, begin));
        Assert.False(_rule.Observe(7, StuckAfter, begin + AbandonRule.Confirmation - TimeSpan.FromTicks(1)));
        Assert.True(_rule.Observe(7, StuckAfter, begin + AbandonRule.Confirmation));
    }
}
