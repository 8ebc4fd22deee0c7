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
}
