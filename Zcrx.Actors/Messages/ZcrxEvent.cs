using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>
/// Represents an event of Zcrx. It is published on the event stream of the actor system. Subscribe to this type for all events, or to one
/// of the nested types.
/// </summary>
public abstract record ZcrxEvent : ILocalMessage
{
    private protected ZcrxEvent()
    {
    }

    /// <summary>Published when every listener is bound and every queue is open for the first time.</summary>
    /// <param name="Status">The status.</param>
    public sealed record Started(ZcrxStatus Status) : ZcrxEvent;

    /// <summary>Published when a stop begins.</summary>
    /// <param name="Drain">The time limit for the delivery of received bytes.</param>
    public sealed record Stopping(TimeSpan Drain) : ZcrxEvent;

    /// <summary>Published when everything is closed.</summary>
    /// <param name="Status">The last status.</param>
    public sealed record Stopped(ZcrxStatus Status) : ZcrxEvent;

    /// <summary>Published when changed options apply.</summary>
    /// <param name="Applied">The paths of the options that apply now, such as <c>Queues:eth0-2:HighWaterMark</c>.</param>
    /// <param name="NeedRestartQueue">The options that apply when their queue is opened again.</param>
    /// <param name="NeedRestart">The options that apply when the host is started again.</param>
    public sealed record OptionsChanged(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedRestartQueue, IReadOnlyList<string> NeedRestart) : ZcrxEvent;

    /// <summary>Published when a change of the options is refused as a whole. The current options still apply.</summary>
    /// <param name="Errors">Every error, each with its configuration path.</param>
    public sealed record OptionsRefused(IReadOnlyList<string> Errors) : ZcrxEvent;

    /// <summary>Published when a queue is open and receives.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Engine">The engine, and the reason for its choice.</param>
    public sealed record QueueOpened(string Queue, EngineChoice Engine) : ZcrxEvent;

    /// <summary>Published when a queue has failed and will be opened again.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Delay">The delay before the next opening.</param>
    /// <param name="Attempt">
    /// The number of the next attempt, which is the number of failures within <see cref="ZcrxRestartOptions.Within"/>.
    /// </param>
    /// <param name="Cause">The cause of the failure.</param>
    public sealed record QueueRestarting(string Queue, TimeSpan Delay, int Attempt, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : ZcrxEvent;

    /// <summary>Published when a queue has failed and stays closed until <see cref="ZcrxCommand.RestartQueue"/>.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Cause">The cause of the failure.</param>
    /// <param name="Reason">The reason why the queue is not opened again, as a clause for messages.</param>
    public sealed record QueueFailed(string Queue, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause, string Reason) : ZcrxEvent;

    /// <summary>Published when suspended connections have resumed. Their streams have no gap.</summary>
    /// <param name="Queue">The name of the queue that was closed.</param>
    /// <param name="Targets">The names of the queues that resumed the connections. A queue that was opened again is its own target.</param>
    /// <param name="Connections">The number of connections.</param>
    public sealed record ConnectionsContinued(string Queue, IReadOnlyList<string> Targets, int Connections) : ZcrxEvent;

    /// <summary>Published when a queue is opened without its NIC instead of being given up.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Cause">The cause of the last failure.</param>
    public sealed record QueueFellBack(string Queue, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : ZcrxEvent;

    /// <summary>Published when a queue was closed by a command.</summary>
    /// <param name="Queue">The queue's name.</param>
    public sealed record QueueStopped(string Queue) : ZcrxEvent;

    /// <summary>Published when the pressure level of a pool has changed.</summary>
    /// <param name="Pressure">The state of the pool.</param>
    public sealed record PressureChanged(PoolPressure Pressure) : ZcrxEvent;

    /// <summary>Published when a pool has grown, or could not grow.</summary>
    /// <param name="Growth">The attempt to grow, and its result.</param>
    public sealed record PoolGrew(PoolGrowth Growth) : ZcrxEvent;

    /// <summary>Published when a connection should receive but does not, and when it receives again.</summary>
    /// <param name="Stall">The connection, the duration of the stall, and whether the stall is over.</param>
    public sealed record ReceiveStalled(ReceiveStall Stall) : ZcrxEvent;

    /// <summary>
    /// Published when the ring thread of a queue is stuck in a callback of the application, and when the callback has returned.
    /// </summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Stuck">Where and since when the ring thread is stuck; null when it is no longer stuck.</param>
    public sealed record QueueStuck(string Queue, StuckQueue? Stuck) : ZcrxEvent;

    /// <summary>
    /// Published when a stop or restart has abandoned a stuck ring thread. The connections of the queue have ended with an error.
    /// </summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Place">The place where the ring thread is stuck, as a clause for messages.</param>
    public sealed record QueueAbandoned(string Queue, string Place) : ZcrxEvent;

    /// <summary>Published when the kernel has sent a notification about a queue.</summary>
    /// <param name="Notification">The notification.</param>
    public sealed record NotificationReceived(ZcrxNotification Notification) : ZcrxEvent;

    /// <summary>Published when a limit that protects the process from its peers was enforced.</summary>
    /// <param name="Report">The limit, the reason, and how often the limit was enforced since its last report.</param>
    public sealed record LimitActed(LimitReached Report) : ZcrxEvent;

    /// <summary>Published when a listener is bound.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="EndPoint">The address with the actual port.</param>
    public sealed record ListenerBound(string Listener, [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint EndPoint) : ZcrxEvent;

    /// <summary>Published when a listener could not be bound.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Cause">The failure.</param>
    public sealed record ListenerFailed(string Listener, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : ZcrxEvent;

    /// <summary>Published when a listener has closed its port.</summary>
    /// <param name="Listener">The listener's name.</param>
    public sealed record ListenerClosed(string Listener) : ZcrxEvent;

    /// <summary>Published when this process has taken over from another one.</summary>
    /// <param name="ProcessId">The id of the other process.</param>
    public sealed record TookOver(int ProcessId) : ZcrxEvent;

    /// <summary>
    /// Published when another process has taken over. This process no longer accepts connections. Its host stops after the last connection.
    /// </summary>
    /// <param name="ProcessId">The id of the other process.</param>
    public sealed record TakenOver(int ProcessId) : ZcrxEvent;

    /// <summary>Published when a connection was accepted, or attached by <see cref="ZcrxCommand.AttachConnection"/>.</summary>
    /// <param name="Listener">The name of the listener; null for an attached connection.</param>
    /// <param name="Queue">The queue that receives for the connection.</param>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="RemoteEndPoint">The address of the peer; null if it could not be read.</param>
    public sealed record ConnectionOpened(string? Listener, string Queue, long ConnectionId, [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint? RemoteEndPoint) : ZcrxEvent;

    /// <summary>Published when a connection was moved to another queue by <see cref="ZcrxCommand.MoveConnection"/>.</summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="From">The name of the queue that received for the connection before the move.</param>
    /// <param name="To">The name of the queue that receives for the connection now.</param>
    public sealed record ConnectionMoved(long ConnectionId, string From, string To) : ZcrxEvent;

    /// <summary>
    /// Published when <see cref="ZcrxCommand.DetachConnection"/> has returned the socket of a connection. <see cref="ConnectionClosed"/>
    /// follows.
    /// </summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="StreamOffset">The stream offset of the first byte that the socket will return.</param>
    public sealed record ConnectionDetached(long ConnectionId, long StreamOffset) : ZcrxEvent;

    /// <summary>Published when a connection is closed or detached, and the subscription of its handler is disposed.</summary>
    /// <param name="Listener">The name of the listener; null for an attached connection.</param>
    /// <param name="Queue">The queue that received for the connection last.</param>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="BytesReceived">The number of bytes received.</param>
    /// <param name="Error">The error with which the stream ended; null if the peer ended the stream in order.</param>
    public sealed record ConnectionClosed(string? Listener, string Queue, long ConnectionId, long BytesReceived, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception? Error) : ZcrxEvent;

    /// <summary>
    /// Published when a stream failed and its observer has no error handler. <see cref="ConnectionClosed"/> follows.
    /// </summary>
    /// <param name="Queue">The name of the queue.</param>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="Error">The error of the stream.</param>
    public sealed record StreamFailedUnobserved(string Queue, long ConnectionId, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Error) : ZcrxEvent;

    /// <summary>Published when a connection handler or an observer threw an exception.</summary>
    /// <param name="Queue">The name of the queue.</param>
    /// <param name="ConnectionId">The id of the connection, which is closed; null for an observer of the queue's events.</param>
    /// <param name="Exception">The exception.</param>
    public sealed record ConsumerFaulted(string Queue, long? ConnectionId, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Exception) : ZcrxEvent;
}
