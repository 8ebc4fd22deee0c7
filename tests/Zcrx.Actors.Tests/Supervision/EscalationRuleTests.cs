using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors.Tests.Supervision;

public class EscalationRuleTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void No_case_leaves_connections_waiting_for_ever()
    {
        foreach (var state in Enum.GetValues<QueueState>())
        {
            foreach (var escalation in Enum.GetValues<ZcrxEscalation>())
            {
                foreach (var (open, hope) in new[] { (false, false), (false, true), (true, false), (true, true) })
                {
                    var fate = EscalationRule.Decide(state, Second, Second, escalation, open, hope);
                    // Connections wait only for a queue that will open or end.
                    Assert.True(fate != ConnectionFate.Wait || hope || state is QueueState.Opening or QueueState.Restarting or QueueState.Stopping, $"{state}, {escalation}, {open}, {hope}");
                    Assert.True(fate != ConnectionFate.GoElsewhere || open);
                    Assert.Equal(state == QueueState.Open, fate == ConnectionFate.GoHome);
                }
            }
        }
    }

    [Theory]
    [InlineData(0.9, ConnectionFate.Wait)]
    [InlineData(1.0, ConnectionFate.Wait)]
    [InlineData(1.1, ConnectionFate.GoElsewhere)]
    public void Connections_wait_for_their_queue_until_their_patience_ends(double delay, object fate) =>
        Assert.Equal(fate, EscalationRule.Decide(QueueState.Restarting, TimeSpan.FromSeconds(delay), Second, ZcrxEscalation.MoveConnections, openElsewhere: true, hopeElsewhere: false));

    [Fact]
    public void EndConnections_ends_connections_although_another_queue_is_open() =>
        Assert.Equal(ConnectionFate.End, EscalationRule.Decide(QueueState.Failed, null, Second, ZcrxEscalation.EndConnections, openElsewhere: true, hopeElsewhere: true));
}
