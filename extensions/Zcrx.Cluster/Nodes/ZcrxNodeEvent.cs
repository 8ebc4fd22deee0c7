using Zcrx.Actors;

namespace Zcrx.Cluster;

/// <summary>Represents an event of one node as text that other nodes can read. Immutable.</summary>
/// <param name="Node">The address of the node.</param>
/// <param name="Time">The time of the event, by the clock of the node.</param>
/// <param name="Kind">
/// The name of the event's type, which is a member of <see cref="ZcrxEvent"/> or <see cref="RebalanceEvent"/>, such as
/// <c>QueueRestarting</c>.
/// </param>
/// <param name="Subject">The name of the queue or the listener; empty if the event concerns neither.</param>
/// <param name="Text">The cause; empty if there is none.</param>
public sealed record ZcrxNodeEvent(string Node, DateTimeOffset Time, string Kind, string Subject, string Text)
{
    /// <summary>Converts an event of this node to text for other nodes.</summary>
    /// <param name="node">The address of this node.</param>
    /// <param name="time">The time of the event.</param>
    /// <param name="happened">The event.</param>
    /// <returns>The converted event; null if it concerns a single connection, because such events are not published.</returns>
    public static ZcrxNodeEvent? From(string node, DateTimeOffset time, ZcrxEvent happened)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(happened);
        return happened switch
        {
            ZcrxEvent.Started or ZcrxEvent.Stopping or ZcrxEvent.Stopped or ZcrxEvent.OptionsChanged => Create(""),
            ZcrxEvent.OptionsRefused refused => Create("", string.Join("; ", refused.Errors)),
            ZcrxEvent.QueueOpened opened => Create(opened.Queue, opened.Engine.Name),
            ZcrxEvent.QueueRestarting restarting => Create(restarting.Queue, restarting.Cause.Message),
            ZcrxEvent.QueueFailed failed => Create(failed.Queue, $"{failed.Cause.Message} {failed.Reason}"),
            ZcrxEvent.QueueFellBack fallen => Create(fallen.Queue, fallen.Cause.Message),
            ZcrxEvent.QueueStopped stopped => Create(stopped.Queue),
            ZcrxEvent.QueueStuck stuck => Create(stuck.Queue, stuck.Stuck?.Place ?? ""),
            ZcrxEvent.QueueAbandoned abandoned => Create(abandoned.Queue, abandoned.Place),
            ZcrxEvent.PressureChanged changed => Create(changed.Pressure.Queue, changed.Pressure.Level.ToString()),
            ZcrxEvent.ListenerBound bound => Create(bound.Listener, bound.EndPoint.ToString()),
            ZcrxEvent.ListenerFailed failed => Create(failed.Listener, failed.Cause.Message),
            ZcrxEvent.ListenerClosed closed => Create(closed.Listener),
            ZcrxEvent.TookOver or ZcrxEvent.TakenOver => Create(""),
            RebalanceEvent.StormBegan began => Create(began.Queue),
            RebalanceEvent.StormEnded ended => Create(ended.Queue),
            _ => null,
        };

        ZcrxNodeEvent Create(string subject, string text = "") => new(node, time, happened.GetType().Name, subject, text);
    }
}
