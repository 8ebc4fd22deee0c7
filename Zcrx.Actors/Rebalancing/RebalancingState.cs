using Zcrx.Actors.Messages;

namespace Zcrx.Actors.Rebalancing;

/// <summary>
/// Changes and publishes the state of the rebalancer, and reports each change. Owned by the <see cref="RebalancerActor"/>.
/// </summary>
internal sealed class RebalancingState(Published<RebalancingSnapshot> published, RebalancingReport report)
{
    private RebalancingSnapshot Now => published.Value;

    public void BeginStorm(string queue, double copiedShare)
    {
        published.Publish(Now with { Storms = Now.Storms.Add(queue) });
        report.Publish(new RebalanceEvent.StormBegan(queue, copiedShare));
    }

    /// <summary>Ends the storm of a queue, if one is in progress. The degraded connections of the queue then count as recovered.</summary>
    public void EndStorm(string queue)
    {
        if (!Now.Storms.Contains(queue))
        {
            return;
        }

        published.Publish(Now with { Storms = Now.Storms.Remove(queue) });
        report.Publish(new RebalanceEvent.StormEnded(queue));
        foreach (DegradedConnection connection in Now.Degraded.Values.Where(connection => connection.Queue == queue))
        {
            Recover(connection.ConnectionId);
        }
    }

    /// <summary>Asks the application for permission for every action of a step. A veto of one action vetoes the whole step.</summary>
    public bool IsPermitted(RebalanceStep step, Func<RebalanceAction, bool>? permit)
    {
        foreach (RebalanceAction action in step.Actions)
        {
            Exception? thrown = null;
            try
            {
                if (permit?.Invoke(action) ?? true)
                {
                    continue;
                }
            }
#pragma warning disable CA1031 // The delegate is application code. Its exception counts as a veto.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                thrown = exception;
            }

            Veto(action, thrown);
            return false;
        }

        return true;
    }

    public void Degrade(DegradedConnection connection)
    {
        if (!Now.Degraded.ContainsKey(connection.ConnectionId))
        {
            published.Publish(Now with { Degraded = Now.Degraded.Add(connection.ConnectionId, connection) });
            report.Publish(new RebalanceEvent.ConnectionDegraded(connection));
        }
    }

    public void Recover(long connection)
    {
        if (Now.Degraded.TryGetValue(connection, out DegradedConnection? before))
        {
            Forget(connection);
            report.Publish(new RebalanceEvent.ConnectionRecovered(connection, before.Queue, before.RemoteEndPoint));
        }
    }

    /// <summary>Forgets a closed connection.</summary>
    public void Forget(long connection) => published.Publish(Now with { Degraded = Now.Degraded.Remove(connection) });

    /// <summary>Counts and reports a move between queues, whatever its reason.</summary>
    public void Move(RebalanceEvent.Moved moved)
    {
        published.Publish(Now with { Moves = Now.Moves.SetItem(moved.Reason, Now.Moves.GetValueOrDefault(moved.Reason) + 1) });
        report.Publish(moved);
    }

    public void Veto(RebalanceAction action, Exception? thrown)
    {
        published.Publish(Now with { Vetoed = Now.Vetoed + 1 });
        report.Vetoed(action, thrown);
    }
}
