using System.Diagnostics;
using Zcrx.Actors.Diagnostics;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Represents a step of a plan that is being executed. Its actions run in order until one of them fails.</summary>
/// <remarks>Owned by the <see cref="RebalancerActor"/>. Messages refer to the step by its id.</remarks>
internal sealed class StepRun(RebalanceStep step, IReadOnlyDictionary<long, ZcrxConnection> connections)
{
    private static long _last;

    private int _next;

    /// <summary>
    /// Gets the id of the step. It is unique in the process. After a restart of the rebalancer, a late answer therefore matches no step of
    /// the new one.
    /// </summary>
    public long Id { get; } = Interlocked.Increment(ref _last);

    /// <summary>Gets the current action; null after the last action.</summary>
    public RebalanceAction? Current => _next < step.Actions.Count ? step.Actions[_next] : null;

    public void Advance() => _next++;

    /// <summary>Moves a connection to a queue. Waits for ring threads, which may wait for an observer.</summary>
    /// <returns>False if the connection has ended, another component is moving it, or the target is closed.</returns>
    public async Task<bool> MoveAsync(RebalanceAction.MoveConnection move, ZcrxQueue target, ZcrxQueueGroup group)
    {
        using Activity? activity = ZcrxActivities.Begin(move);
        try
        {
            bool isDone = connections.TryGetValue(move.ConnectionId, out ZcrxConnection? connection)
                && await group.MoveAsync(connection, target, move.Reason).ConfigureAwait(false);
            if (!isDone)
            {
                activity?.SetStatus(ActivityStatusCode.Error, "the connection has ended, or another component moves it, or its target is closed");
            }

            return isDone;
        }
        catch (Exception exception)
        {
            activity.End(exception);
            throw;
        }
    }
}
