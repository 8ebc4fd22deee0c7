using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents an event as text.</summary>
/// <param name="Level">The severity for an operator: <c>info</c>, <c>good</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Kind">The type of the event.</param>
/// <param name="Text">The description of a single event.</param>
/// <param name="Queue">The queue that the event concerns; null for none.</param>
/// <param name="To">For a move, the queue that receives now.</param>
/// <param name="Many">The words after the count when one entry counts several events; null if each event has its own entry.</param>
/// <param name="Group">A further criterion for counting, such as the limit that was reached; null for none. Events of one kind and queue
/// are counted in one entry only if their groups are equal.</param>
internal sealed record EventText(string Level, string Kind, string Text, string? Queue = null, string? To = null, string? Many = null, string? Group = null)
{
    private const string Info = "info";
    private const string Good = "good";
    private const string Warning = "warning";
    private const string Error = "error";

    /// <summary>
    /// Gets the types of events that the page shows. The page omits opened connections, notifications and failed streams.
    /// The card of the queue counts notifications. The connection of a failed stream closes, which is an event of its own.
    /// </summary>
    public static IReadOnlyList<Type> Types { get; } =
    [
        typeof(ZcrxEvent.Started), typeof(ZcrxEvent.Stopping), typeof(ZcrxEvent.Stopped), typeof(ZcrxEvent.OptionsChanged), typeof(ZcrxEvent.OptionsRefused), typeof(ZcrxEvent.QueueOpened),
        typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueFailed), typeof(ZcrxEvent.ConnectionsContinued), typeof(ZcrxEvent.QueueFellBack), typeof(ZcrxEvent.QueueStopped),
        typeof(ZcrxEvent.PressureChanged), typeof(ZcrxEvent.PoolGrew), typeof(ZcrxEvent.ReceiveStalled), typeof(ZcrxEvent.QueueStuck), typeof(ZcrxEvent.QueueAbandoned), typeof(ZcrxEvent.LimitActed),
        typeof(ZcrxEvent.ListenerBound), typeof(ZcrxEvent.ListenerFailed), typeof(ZcrxEvent.ListenerClosed), typeof(ZcrxEvent.TookOver), typeof(ZcrxEvent.TakenOver), typeof(ZcrxEvent.ConnectionMoved),
        typeof(ZcrxEvent.ConnectionDetached), typeof(ZcrxEvent.ConnectionClosed), typeof(ZcrxEvent.ConsumerFaulted), typeof(RebalanceEvent),
    ];

    /// <summary>Returns an event as text; null if the page does not show the event.</summary>
    public static EventText? Of(ZcrxEvent happened) => happened switch
    {
        RebalanceEvent rebalancing => Of(rebalancing),
        ZcrxEvent.Started => new EventText(Good, nameof(ZcrxEvent.Started), "Zcrx has started."),
        ZcrxEvent.Stopping stopping => new EventText(Warning, nameof(ZcrxEvent.Stopping), $"Zcrx is stopping and delivers what has arrived for at most {stopping.Drain.TotalSeconds:0.#} s."),
        ZcrxEvent.Stopped => new EventText(Warning, nameof(ZcrxEvent.Stopped), "Zcrx has stopped."),
        ZcrxEvent.OptionsChanged changed => new EventText(Info, nameof(ZcrxEvent.OptionsChanged), $"Options changed. {List("Applied", changed.Applied)}{List("Need a restart of the queue", changed.NeedRestartQueue)}{List("Need a restart of the host", changed.NeedRestart)}".TrimEnd()),
        ZcrxEvent.OptionsRefused refused => new EventText(Error, nameof(ZcrxEvent.OptionsRefused), $"Changed options were refused: {string.Join("; ", refused.Errors)}"),
        ZcrxEvent.QueueOpened opened => new EventText(Good, nameof(ZcrxEvent.QueueOpened), $"Queue {opened.Queue} opened with engine {opened.Engine.Name}.", opened.Queue),
        ZcrxEvent.QueueRestarting restarting => new EventText(Error, nameof(ZcrxEvent.QueueRestarting), $"Queue {restarting.Queue} failed and opens again in {restarting.Delay.TotalSeconds:0.##} s (attempt {restarting.Attempt}): {restarting.Cause.Message}", restarting.Queue),
        ZcrxEvent.QueueFailed failed => new EventText(Error, nameof(ZcrxEvent.QueueFailed), $"Queue {failed.Queue} was given up, because {failed.Reason}: {failed.Cause.Message}", failed.Queue),
        ZcrxEvent.ConnectionsContinued continued => new EventText(Good, nameof(ZcrxEvent.ConnectionsContinued), $"{Connections(continued.Connections)} of {continued.Queue} resumed on {string.Join(", ", continued.Targets)}.", continued.Queue),
        ZcrxEvent.QueueFellBack fellBack => new EventText(Warning, nameof(ZcrxEvent.QueueFellBack), $"Queue {fellBack.Queue} opens without its NIC: {fellBack.Cause.Message}", fellBack.Queue),
        ZcrxEvent.QueueStopped stopped => new EventText(Info, nameof(ZcrxEvent.QueueStopped), $"Queue {stopped.Queue} was closed by a command.", stopped.Queue),
        ZcrxEvent.PressureChanged changed => Of(changed.Pressure),
        ZcrxEvent.PoolGrew { Growth: { Error: null } growth } => new EventText(Info, nameof(ZcrxEvent.PoolGrew), $"Pool of {growth.Queue} has grown to {growth.Buffers} buffers.", growth.Queue),
        ZcrxEvent.PoolGrew { Growth: var growth } => new EventText(Warning, nameof(ZcrxEvent.PoolGrew), $"Pool of {growth.Queue} cannot grow beyond {growth.Buffers} buffers: {growth.Error?.Message}", growth.Queue),
        ZcrxEvent.ReceiveStalled { Stall: { IsOver: true } stall } => new EventText(Good, nameof(ZcrxEvent.ReceiveStalled), $"Connection {stall.ConnectionId} on {stall.Queue} receives again.", stall.Queue, Many: $"stalled connections on {stall.Queue} receive again."),
        ZcrxEvent.ReceiveStalled { Stall: var stall } => new EventText(Warning, "ReceiveStall", $"Connection {stall.ConnectionId} on {stall.Queue} has stalled: {stall.BytesWaiting} bytes wait in its socket.", stall.Queue, Many: $"stalls of connections on {stall.Queue}."),
        ZcrxEvent.QueueStuck { Stuck: { } stuck } happening => new EventText(Error, nameof(ZcrxEvent.QueueStuck), $"Ring thread of {happening.Queue} has been stuck since {stuck.Since:HH:mm:ss} UTC {stuck.Place}.", happening.Queue),
        ZcrxEvent.QueueStuck over => new EventText(Good, nameof(ZcrxEvent.QueueStuck), $"Ring thread of {over.Queue} is no longer stuck.", over.Queue),
        ZcrxEvent.QueueAbandoned abandoned => new EventText(Error, nameof(ZcrxEvent.QueueAbandoned), $"Ring thread of {abandoned.Queue} was abandoned, stuck {abandoned.Place}.", abandoned.Queue),
        ZcrxEvent.LimitActed { Report: { Count: 0 } report } => Of(report, Good, $"Limit {report.Limit} of {report.Listener ?? report.Queue} no longer acts."),
        ZcrxEvent.LimitActed { Report: var report } => Of(report, Warning, $"Limit {report.Limit} of {report.Listener ?? report.Queue} has acted {(report.Count == 1 ? "once" : $"{report.Count} times")}: {report.Reason}."),
        ZcrxEvent.ListenerBound bound => new EventText(Good, nameof(ZcrxEvent.ListenerBound), $"Listener {bound.Listener} accepts on {bound.EndPoint}."),
        ZcrxEvent.ListenerFailed failed => new EventText(Error, nameof(ZcrxEvent.ListenerFailed), $"Listener {failed.Listener} failed: {failed.Cause.Message}"),
        ZcrxEvent.ListenerClosed closed => new EventText(Info, nameof(ZcrxEvent.ListenerClosed), $"Listener {closed.Listener} has closed its port."),
        ZcrxEvent.TookOver took => new EventText(Info, nameof(ZcrxEvent.TookOver), $"This process has taken over from process {took.ProcessId}."),
        ZcrxEvent.TakenOver taken => new EventText(Warning, nameof(ZcrxEvent.TakenOver), $"Process {taken.ProcessId} has taken over; this one ends with its last connection."),
        ZcrxEvent.ConnectionMoved moved => Moved(moved.ConnectionId, moved.From, moved.To, "by a command"),
        ZcrxEvent.ConnectionDetached detached => new EventText(Info, nameof(ZcrxEvent.ConnectionDetached), $"Connection {detached.ConnectionId} was detached at offset {detached.StreamOffset}.", Many: "connections were detached."),
        ZcrxEvent.ConnectionClosed { Error: { } error } closed => new EventText(Warning, nameof(ZcrxEvent.ConnectionClosed), $"Connection {closed.ConnectionId} on {closed.Queue} ended with an error: {error.Message}", closed.Queue, Many: $"connections on {closed.Queue} ended with an error, the last: {error.Message}"),
        ZcrxEvent.ConsumerFaulted faulted => new EventText(Error, nameof(ZcrxEvent.ConsumerFaulted), $"Consumer of {Subject(faulted)} threw {faulted.Exception.GetType().Name}: {faulted.Exception.Message}", faulted.Queue, Many: $"consumers on {faulted.Queue} threw, the last {faulted.Exception.GetType().Name}: {faulted.Exception.Message}"),
        _ => null,
    };

    private static EventText? Of(RebalanceEvent happened) => happened switch
    {
        RebalanceEvent.StormBegan began => new EventText(Error, nameof(RebalanceEvent.StormBegan), $"Copy storm on {began.Queue}: {began.CopiedShare:P0} of the payload is copied.", began.Queue),
        RebalanceEvent.StormEnded ended => new EventText(Good, nameof(RebalanceEvent.StormEnded), $"Copy storm on {ended.Queue} has ended.", ended.Queue),
        RebalanceEvent.Moved moved => Moved(moved.ConnectionId, moved.From, moved.To, $"reason: {moved.Reason}"),
        RebalanceEvent.Steered { Action: var action } => new EventText(Info, nameof(RebalanceEvent.Steered), $"Steered {action}.", Many: "flows steered."),
        RebalanceEvent.Unsteered { Action: var action } => new EventText(Info, nameof(RebalanceEvent.Unsteered), $"Steering undone for {action}.", Many: "steerings undone."),
        RebalanceEvent.Vetoed { Action: var action } => new EventText(Info, nameof(RebalanceEvent.Vetoed), $"Vetoed: {action}.", Many: "actions of the rebalancer vetoed."),
        RebalanceEvent.Failed failed => new EventText(Warning, nameof(RebalanceEvent.Failed), $"Rebalancing failed for {failed.Action}: {failed.Cause?.Message ?? "the connection had ended or was being moved"}", Many: "actions of the rebalancer failed."),
        RebalanceEvent.UndoFailed failed => new EventText(Warning, nameof(RebalanceEvent.UndoFailed), $"Flow rule of connection {failed.ConnectionId} could not be removed: {failed.Cause.Message}", Many: "flow rules could not be removed."),
        RebalanceEvent.Faulted faulted => new EventText(Error, nameof(RebalanceEvent.Faulted), $"Part of the rebalancer failed: {faulted.Cause.Message}"),
        RebalanceEvent.ConnectionDegraded { Connection: var connection } => new EventText(Warning, nameof(RebalanceEvent.ConnectionDegraded), $"Connection {connection.ConnectionId} on {connection.Queue} is copied: {connection.Reason}.", connection.Queue, Many: $"connections on {connection.Queue} are copied, the last because {connection.Reason}."),
        RebalanceEvent.ConnectionRecovered recovered => new EventText(Good, nameof(RebalanceEvent.ConnectionRecovered), $"Connection {recovered.ConnectionId} on {recovered.Queue} is no longer copied.", recovered.Queue, Many: $"connections on {recovered.Queue} are no longer copied."),
        _ => null,
    };

    private static EventText Of(PoolPressure pressure) => pressure.Level switch
    {
        PoolPressureLevel.Normal => Of(pressure, Good, $"Pool of {pressure.Queue} is back to normal: {pressure.BuffersOut} of {pressure.Buffers} buffers are leased."),
        PoolPressureLevel.High => Of(pressure, Warning, $"Pool of {pressure.Queue} is above its high mark: {Pool(pressure)}."),
        _ => Of(pressure, Error, $"Pool of {pressure.Queue} is exhausted: {Pool(pressure)}."),
    };

    // Peers can cause changes of pressure as often as they like, so several of them are counted in one entry.
    private static EventText Of(PoolPressure pressure, string level, string text) =>
        new(level, nameof(ZcrxEvent.PressureChanged), text, pressure.Queue, Many: $"changes of the pressure, the last: {text}");

    private static EventText Of(LimitReached report, string level, string text) =>
        new(level, nameof(ZcrxEvent.LimitActed), text, report.Queue, Many: $"reports, the last: {text}", Group: $"{report.Limit}/{report.Listener}");

    private static EventText Moved(long connection, string from, string to, string reason) =>
        new(Info, nameof(RebalanceEvent.Moved), $"Connection {connection} moved from {from} to {to} ({reason}).", from, to, $"connections moved from {from} to {to}.");

    private static string Pool(PoolPressure pressure) => $"{pressure.BuffersOut} of {pressure.Buffers} buffers are leased, {Connections(pressure.PausedConnections)} paused";

    private static string Connections(int count) => count == 1 ? "1 connection" : $"{count} connections";

    private static string Subject(ZcrxEvent.ConsumerFaulted faulted) => faulted.ConnectionId is { } id ? $"connection {id} on {faulted.Queue}" : $"queue {faulted.Queue}";

    private static string List(string title, IReadOnlyList<string> items) => items.Count == 0 ? "" : $"{title}: {string.Join(", ", items)}. ";
}
