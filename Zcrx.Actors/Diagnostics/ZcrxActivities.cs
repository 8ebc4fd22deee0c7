using System.Diagnostics;

namespace Zcrx.Actors.Diagnostics;

/// <summary>The activity source <c>Zcrx</c>: one activity per control operation, none per buffer or connection that comes in.</summary>
internal static class ZcrxActivities
{
    public const string SourceName = "Zcrx";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins an operation that one asynchronous method carries out, as a child of what is under way there.</summary>
    public static Activity? Start(string name, string? queue = null) => Tagged(Source.StartActivity(name), queue);

    /// <summary>Begins an operation that goes over several messages: not the current one of the thread, which works on other things meanwhile.</summary>
    public static Activity? Begin(string name, string? queue = null, ActivityContext parent = default)
    {
        Activity? current = Activity.Current;
        try
        {
            // Without this, a root would become the child of whatever is current.
            Activity.Current = null;
            return Tagged(Source.StartActivity(name, ActivityKind.Internal, parent), queue);
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <summary>Begins an action of the rebalancer.</summary>
    public static Activity? Begin(RebalanceAction action) => action switch
    {
        RebalanceAction.MoveConnection move => Begin("zcrx.rebalancing.move", move.To)?
            .SetTag("zcrx.connection.id", move.ConnectionId)
            .SetTag("zcrx.queue.source", move.From)
            .SetTag("zcrx.move.reason", move.Reason.ToString()),
        RebalanceAction.SteerFlow steer => Begin("zcrx.rebalancing.steer")?
            .SetTag("zcrx.connection.id", steer.ConnectionId)
            .SetTag("network.interface.name", steer.Interface)
            .SetTag("zcrx.rx_queue", steer.Rule.Queue),
        RebalanceAction.ReplaceRssTable table => Begin("zcrx.rebalancing.steer")?
            .SetTag("network.interface.name", table.Interface),
        _ => null,
    };

    /// <summary>Ends an operation.</summary>
    /// <param name="activity">The operation; null while nobody listens.</param>
    /// <param name="error">Why it failed; null if it did not.</param>
    public static void End(this Activity? activity, Exception? error = null)
    {
        if (activity is null)
        {
            return;
        }

        if (error is not null)
        {
            activity.SetStatus(ActivityStatusCode.Error, error.Message);
            activity.SetTag("error.type", error.GetType().FullName);
        }

        Activity? current = Activity.Current;
        activity.Stop();
        if (current != activity)
        {
            Activity.Current = current;
        }
    }

    private static Activity? Tagged(Activity? activity, string? queue) => queue is null ? activity : activity?.SetTag("zcrx.queue.name", queue);
}
