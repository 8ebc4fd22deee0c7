using System.Diagnostics;

namespace Zcrx.Actors.Diagnostics;

/// <summary>
/// Contains the activity source <c>Zcrx</c>. Each control operation, such as a restart, has an activity. Buffers and accepted connections
/// have none.
/// </summary>
internal static class ZcrxActivities
{
    public const string SourceName = "Zcrx";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the activity of an operation that one asynchronous method executes. It is a child of the current activity.</summary>
    public static Activity? Start(string name, string? queue = null) => Tagged(Source.StartActivity(name), queue);

    /// <summary>
    /// Begins the activity of an operation that spans several messages. The activity does not become the current one of the thread, because
    /// the thread handles other messages in between.
    /// </summary>
    public static Activity? Begin(string name, string? queue = null, ActivityContext parent = default)
    {
        Activity? current = Activity.Current;
        try
        {
            // StartActivity would make an activity without a parent a child of the current activity.
            Activity.Current = null;
            return Tagged(Source.StartActivity(name, ActivityKind.Internal, parent), queue);
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <summary>Begins the activity of an action of the rebalancer.</summary>
    public static Activity? Begin(RebalanceAction action) => action switch
    {
        RebalanceAction.MoveConnection move => Begin("zcrx.rebalancing.move", move.To)?
            .SetTag("zcrx.connection.id", move.ConnectionId)
            .SetTag("zcrx.queue.source", move.From)
            .SetTag("zcrx.move.reason", AttributeValue.Of(move.Reason)),
        RebalanceAction.SteerFlow steer => Begin("zcrx.rebalancing.steer")?
            .SetTag("zcrx.connection.id", steer.ConnectionId)
            .SetTag("network.interface.name", steer.Interface)
            .SetTag("zcrx.rx_queue", steer.Rule.Queue),
        RebalanceAction.ReplaceRssTable table => Begin("zcrx.rebalancing.steer")?
            .SetTag("network.interface.name", table.Interface),
        _ => null,
    };

    /// <summary>Ends an activity.</summary>
    /// <param name="activity">The activity; null if nothing listens to the activity source.</param>
    /// <param name="error">The error of the operation; null on success.</param>
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
