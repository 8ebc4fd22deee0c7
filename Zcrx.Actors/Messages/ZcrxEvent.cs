using System.Net;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>What has happened. Published on the actor system's event stream: subscribe to this type for everything, or to one of the nested types.</summary>
public abstract record ZcrxEvent : ILocalMessage
{
    private protected ZcrxEvent()
    {
    }

    /// <summary>Every listener is bound and every queue open, for the first time.</summary>
    /// <param name="Status">How everything stands.</param>
    public sealed record Started(ZcrxStatus Status) : ZcrxEvent;

    /// <summary>A stop has begun.</summary>
    /// <param name="Drain">How long delivering may take.</param>
    public sealed record Stopping(TimeSpan Drain) : ZcrxEvent;

    /// <summary>Everything is closed.</summary>
    /// <param name="Status">How everything stood last.</param>
    public sealed record Stopped(ZcrxStatus Status) : ZcrxEvent;

    /// <summary>Changed options have been taken over.</summary>
    /// <param name="Applied">What applies now, each with its path, such as <c>Queues:eth0-2:HighWaterMark</c>.</param>
    /// <param name="NeedRestartQueue">What applies when its queue is opened again.</param>
    /// <param name="NeedRestart">What applies when the host is started again.</param>
    public sealed record OptionsChanged(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedRestartQueue, IReadOnlyList<string> NeedRestart) : ZcrxEvent;

    /// <summary>Changed options have been refused as a whole; the old ones stay.</summary>
    /// <param name="Errors">Every error, each with its configuration path.</param>
    public sealed record OptionsRefused(IReadOnlyList<string> Errors) : ZcrxEvent;

    /// <summary>A queue is open and receives.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Engine">The engine, and why it was chosen.</param>
    public sealed record QueueOpened(string Queue, EngineChoice Engine) : ZcrxEvent;

    /// <summary>A queue will be opened again after a failure.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Delay">When.</param>
    /// <param name="Attempt">Which attempt in a row it will be; 1 for the first.</param>
    /// <param name="Cause">Why it failed.</param>
    public sealed record QueueRestarting(string Queue, TimeSpan Delay, int Attempt, Exception Cause) : ZcrxEvent;

    /// <summary>A queue has failed, and stays closed until <see cref="ZcrxCommand.RestartQueue"/>.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Cause">Why it failed.</param>
    /// <param name="Reason">Why it is not opened again: a clause.</param>
    public sealed record QueueFailed(string Queue, Exception Cause, string Reason) : ZcrxEvent;

    /// <summary>Connections of a queue that had ended go on, without a gap.</summary>
    /// <param name="Queue">Name of the queue that had them.</param>
    /// <param name="Targets">Names of the queues that have them now; the same one when it was opened again.</param>
    /// <param name="Connections">How many.</param>
    public sealed record ConnectionsContinued(string Queue, IReadOnlyList<string> Targets, int Connections) : ZcrxEvent;

    /// <summary>A queue that would have been given up is opened without its NIC.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Cause">Why it failed last.</param>
    public sealed record QueueFellBack(string Queue, Exception Cause) : ZcrxEvent;

    /// <summary>A queue was closed on demand.</summary>
    /// <param name="Queue">The queue's name.</param>
    public sealed record QueueStopped(string Queue) : ZcrxEvent;

    /// <summary>A queue's pool has changed its level.</summary>
    /// <param name="Pressure">The pool's state.</param>
    public sealed record PressureChanged(PoolPressure Pressure) : ZcrxEvent;

    /// <summary>A queue's pool has grown, or could not.</summary>
    /// <param name="Growth">What happened.</param>
    public sealed record PoolGrew(PoolGrowth Growth) : ZcrxEvent;

    /// <summary>A connection should receive but does not, or receives again.</summary>
    /// <param name="Stall">Which connection, since when, and whether the stall is over.</param>
    public sealed record ReceiveStalled(ReceiveStall Stall) : ZcrxEvent;

    /// <summary>The kernel said something about a queue.</summary>
    /// <param name="Notification">What it said.</param>
    public sealed record NotificationReceived(ZcrxNotification Notification) : ZcrxEvent;

    /// <summary>A listener has its port.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="EndPoint">The address, with the port that the kernel chose if that was left to it.</param>
    public sealed record ListenerBound(string Listener, IPEndPoint EndPoint) : ZcrxEvent;

    /// <summary>A listener could not be bound.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Cause">Why not.</param>
    public sealed record ListenerFailed(string Listener, Exception Cause) : ZcrxEvent;

    /// <summary>A listener has closed its port.</summary>
    /// <param name="Listener">The listener's name.</param>
    public sealed record ListenerClosed(string Listener) : ZcrxEvent;

    /// <summary>This process has taken the listeners over from another one.</summary>
    /// <param name="ProcessId">The other process.</param>
    public sealed record TookOver(int ProcessId) : ZcrxEvent;

    /// <summary>Another process has taken the listeners over: nothing is accepted here any more, and the host stops with the last connection.</summary>
    /// <param name="ProcessId">The other process.</param>
    public sealed record TakenOver(int ProcessId) : ZcrxEvent;

    /// <summary>A connection was accepted, or attached by <see cref="ZcrxCommand.AttachConnection"/>.</summary>
    /// <param name="Listener">The listener's name; null if it was attached.</param>
    /// <param name="Queue">The queue that receives it.</param>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="RemoteEndPoint">The peer, if it could still be asked.</param>
    public sealed record ConnectionOpened(string? Listener, string Queue, long ConnectionId, EndPoint? RemoteEndPoint) : ZcrxEvent;

    /// <summary>A connection was moved to another queue by <see cref="ZcrxCommand.MoveConnection"/>.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="From">The queue that received it.</param>
    /// <param name="To">The queue that receives it now.</param>
    public sealed record ConnectionMoved(long ConnectionId, string From, string To) : ZcrxEvent;

    /// <summary>A connection's socket was given back by <see cref="ZcrxCommand.DetachConnection"/>. Its end is told by <see cref="ConnectionClosed"/>, too.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="StreamOffset">Where the socket goes on.</param>
    public sealed record ConnectionDetached(long ConnectionId, long StreamOffset) : ZcrxEvent;

    /// <summary>A connection is closed or given back, and its handler's subscription disposed.</summary>
    /// <param name="Listener">The listener's name; null if it was attached.</param>
    /// <param name="Queue">The queue that received it.</param>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="BytesReceived">Bytes that had been received.</param>
    /// <param name="Error">Why the stream broke; null when the peer had ended it.</param>
    public sealed record ConnectionClosed(string? Listener, string Queue, long ConnectionId, long BytesReceived, Exception? Error) : ZcrxEvent;

    /// <summary>A consumer threw: a connection handler, or an observer without a handler for its own error.</summary>
    /// <param name="Queue">The queue.</param>
    /// <param name="ConnectionId">The connection, which is closed; null for an observer of the queue's events.</param>
    /// <param name="Exception">What it threw.</param>
    public sealed record ConsumerFaulted(string Queue, long? ConnectionId, Exception Exception) : ZcrxEvent;
}
