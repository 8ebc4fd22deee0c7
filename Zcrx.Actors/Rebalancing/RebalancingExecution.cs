using System.Diagnostics;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Carries steps out, on the thread pool, and tells what became of each action.</summary>
internal sealed class RebalancingExecution(ZcrxRuntime runtime, RebalancingReading reading, Steering steering, Action<RebalanceEvent> tell)
{
    /// <summary>Carries out all steps. A move may take as long as an observer does; only the rest of its own step waits for it.</summary>
    public Task RunAsync(IReadOnlyList<RebalanceStep> steps) => Task.WhenAll([.. steps.Select(RunAsync)]);

    /// <summary>Removes a connection's flow rule, if it has one.</summary>
    public static void Unsteer(long connection, Steering steering, Action<RebalanceEvent> tell)
    {
        if (!steering.Has(connection))
        {
            return;
        }

        using Activity? activity = ZcrxActivities.Begin("zcrx.rebalancing.unsteer")?.SetTag("zcrx.connection.id", connection);
        try
        {
            if (steering.Remove(connection) is { } undone)
            {
                activity?.SetTag("network.interface.name", undone.Interface);
                tell(new RebalanceEvent.Unsteered(undone));
            }
        }
#pragma warning disable CA1031 // Steering may be the application's (ZcrxRebalancingOptions.FlowSteering) and throw anything; it is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.End(exception);
            tell(new RebalanceEvent.UndoFailed(connection, exception));
        }
    }

    private async Task RunAsync(RebalanceStep step)
    {
        foreach (RebalanceAction action in step.Actions)
        {
            using Activity? activity = RebalancingActivities.Begin(action);
            try
            {
                bool done = action switch
                {
                    // Its success is told by the group.
                    RebalanceAction.MoveConnection move => await MoveAsync(move).ConfigureAwait(false),
                    RebalanceAction.SteerFlow steer => Tell(AccessOf(steer.Interface) is { } access && steering.TryAdd(steer, access.Steering), steer),
                    RebalanceAction.ReplaceRssTable table => Tell(AccessOf(table.Interface) is { } access && steering.TryReplace(table, access), table),
                    _ => false,
                };
                if (!done)
                {
                    activity?.SetStatus(ActivityStatusCode.Error, "the connection has ended, or somebody else moves it, or its target is closed");
                    tell(new RebalanceEvent.Failed(action, null));
                    return;
                }
            }
#pragma warning disable CA1031 // As above.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                activity.End(exception);
                tell(new RebalanceEvent.Failed(action, exception));
                return;
            }
        }

        // Closed meanwhile: its end may have been dealt with before there was anything to undo.
        foreach (RebalanceAction.SteerFlow steer in step.Actions.OfType<RebalanceAction.SteerFlow>())
        {
            if (reading.Connections[steer.ConnectionId].Closed.IsCompleted)
            {
                Unsteer(steer.ConnectionId, steering, tell);
            }
        }
    }

    private async Task<bool> MoveAsync(RebalanceAction.MoveConnection move) =>
        reading.Connections.TryGetValue(move.ConnectionId, out ZcrxConnection? connection) && QueueOf(move.To) is { } queue &&
        await runtime.Group.MoveAsync(connection, queue, move.Reason).ConfigureAwait(false);

    private bool Tell(bool done, RebalanceAction action)
    {
        if (done)
        {
            tell(new RebalanceEvent.Steered(action));
        }

        return done;
    }

    private ZcrxQueue? QueueOf(string name) => runtime.Queues.FirstOrDefault(slot => slot.Name == name)?.Current;

    private NicAccess? AccessOf(string networkInterface) => runtime.Queues
        .Where(slot => slot.Current?.RxQueue?.Interface == networkInterface)
        .Select(slot => NicAccess.Of(slot.Current!, slot.Options, runtime.Options.Rebalancing, runtime.Steering))
        .FirstOrDefault();
}
