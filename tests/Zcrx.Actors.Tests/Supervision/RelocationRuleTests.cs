using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors.Tests.Supervision;

public class RelocationRuleTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void No_case_leaves_connections_suspended_forever()
    {
        foreach (var state in Enum.GetValues<QueueState>())
        {
            foreach (var escalation in Enum.GetValues<ZcrxEscalation>())
            {
                foreach (var (open, hope) in new[] { (false, false), (false, true), (true, false), (true, true) })
                {
                    var fate = RelocationRule.Decide(state, Second, Second, escalation, open, hope);
                    // Connections may wait only if their own queue or another queue may still open.
                    Assert.True(fate != SuspendedOutcome.Wait || hope || state is QueueState.Opening or QueueState.Restarting or QueueState.Stopping, $"{state}, {escalation}, {open}, {hope}");
                    Assert.True(fate != SuspendedOutcome.ResumeOnOthers || open);
                    Assert.Equal(state == QueueState.Open, fate == SuspendedOutcome.ResumeOnOwn);
                }
            }
        }
    }

    [Theory]
    [InlineData(0.9, SuspendedOutcome.Wait)]
    [InlineData(1.0, SuspendedOutcome.Wait)]
    [InlineData(1.1, SuspendedOutcome.ResumeOnOthers)]
    public void Connections_wait_for_their_own_queue_unless_its_delay_exceeds_RelocateAfter(double delay, object fate) =>
        Assert.Equal(fate, RelocationRule.Decide(QueueState.Restarting, TimeSpan.FromSeconds(delay), Second, ZcrxEscalation.MoveConnections, othersOpen: true, othersMayOpen: false));

    [Fact]
    public void EndConnections_ends_connections_although_another_queue_is_open() =>
        Assert.Equal(SuspendedOutcome.End, RelocationRule.Decide(QueueState.Failed, null, Second, ZcrxEscalation.EndConnections, othersOpen: true, othersMayOpen: true));

    [Theory]
    [InlineData(QueueState.Open, false, true, SuspendedOutcome.ResumeOnOwn)]
    [InlineData(QueueState.Opening, true, true, SuspendedOutcome.Wait)]
    [InlineData(QueueState.Restarting, false, true, SuspendedOutcome.Wait)]
    [InlineData(QueueState.Restarting, true, false, SuspendedOutcome.ResumeOnOthers)]
    [InlineData(QueueState.Failed, true, true, SuspendedOutcome.ResumeOnOthers)]
    [InlineData(QueueState.Failed, true, false, SuspendedOutcome.ResumeOnOthers)]
    [InlineData(QueueState.Failed, false, true, SuspendedOutcome.Wait)]
    [InlineData(QueueState.Failed, false, false, SuspendedOutcome.End)]
    [InlineData(QueueState.Stopping, true, true, SuspendedOutcome.Wait)]
    [InlineData(QueueState.Stopped, true, true, SuspendedOutcome.End)]
    public void Connections_resume_where_a_queue_is_open_and_end_where_none_can_open(object state, bool othersOpen, bool othersMayOpen, object outcome) =>
        Assert.Equal(outcome, RelocationRule.Decide((QueueState)state, 2 * Second, Second, ZcrxEscalation.MoveConnections, othersOpen, othersMayOpen));

    [Fact]
    public void EndConnections_keeps_connections_on_a_queue_that_restarts() =>
        Assert.Equal(SuspendedOutcome.Wait, RelocationRule.Decide(QueueState.Restarting, 2 * Second, Second, ZcrxEscalation.EndConnections, othersOpen: true, othersMayOpen: true));
}
