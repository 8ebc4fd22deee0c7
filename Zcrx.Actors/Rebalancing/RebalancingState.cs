using Zcrx.Actors.Messages;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Changes and publishes the state of the rebalancer, and reports each change. Belongs to its actor.</summary>
internal sealed class RebalancingState(Published<RebalancingSnapshot> published, RebalancingReport report)
{
    private RebalancingSnapshot Now => published.Value;

    public void BeginStorm(string queue, double copiedShare)
    {
        published.Publish(Now with { Storms = Now.Storms.Add(queue) });
        report.Publish(new RebalanceEvent.StormBegan(queue, copiedShare));
    }

    /// <summary>Ends a storm, if there is one. Degraded connections of the queue recover with it.</summary>
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

    /// <summary>Asks the application for every action of a step, which is carried out as a whole or not at all.</summary>
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
#pragma warning disable CA1031 // The application's. What it throws counts as a veto.
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

    /// <summary>Forgets a connection that is closed.</summary>
    public void Forget(long connection) => published.Publish(Now with { Degraded = Now.Degraded.Remove(connection) });

    /// <summary>Counts a move between the queues, whatever caused it.</summary>
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
