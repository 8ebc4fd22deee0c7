using System.Net;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>What has happened. Published on the actor system's event stream: subscribe to this type for everything, or to one of the nested types.</summary>
public abstract record ZcrxEvent
{
    private ZcrxEvent()
    {
    }

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

    /// <summary>A queue was closed on demand.</summary>
    /// <param name="Queue">The queue's name.</param>
    public sealed record QueueStopped(string Queue) : ZcrxEvent;

    /// <summary>A queue's pool has changed its level.</summary>
    /// <param name="Pressure">The pool's state.</param>
    public sealed record PressureChanged(PoolPressure Pressure) : ZcrxEvent;

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
    public sealed record HandedOver(int ProcessId) : ZcrxEvent;

    /// <summary>A connection was accepted.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Queue">The queue that receives it.</param>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="RemoteEndPoint">The peer, if it could still be asked.</param>
    public sealed record ConnectionOpened(string Listener, string Queue, long ConnectionId, EndPoint? RemoteEndPoint) : ZcrxEvent;

    /// <summary>A connection's socket was closed, and its handler's subscription disposed.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Queue">The queue that received it.</param>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="BytesReceived">Bytes that had been received.</param>
    /// <param name="Error">Why the stream broke; null when the peer had ended it.</param>
    public sealed record ConnectionClosed(string Listener, string Queue, long ConnectionId, long BytesReceived, Exception? Error) : ZcrxEvent;

    /// <summary>A consumer threw: a connection handler, or an observer without a handler for its own error.</summary>
    /// <param name="Queue">The queue.</param>
    /// <param name="ConnectionId">The connection, which is closed; null for an observer of the queue's events.</param>
    /// <param name="Exception">What it threw.</param>
    public sealed record ConsumerFaulted(string Queue, long? ConnectionId, Exception Exception) : ZcrxEvent;
}
