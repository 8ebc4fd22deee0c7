using System.Net.Sockets;
using Akka.Actor;
using Akka.Util;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a command to the supervisor. Immutable. The sender receives the answer that the command names.</summary>
/// <remarks>
/// <para>Commands about a connection, a queue or a listener are answered with a <see cref="ZcrxReply"/>, be it success or failure.</para>
/// <para>The supervisor carries out commands of its own process only. A command that Akka.Remote brings from another process, or whose
/// sender is an actor of another process, is refused: it is logged, not carried out, and answered with
/// <see cref="Akka.Actor.Status.Failure"/>, so that an <c>Ask</c> fails at once. To act on a supervisor from another process, send a
/// message of your own to an actor beside the supervisor. That actor sends the command and answers with what you need.</para>
/// </remarks>
public abstract record ZcrxCommand : ILocalMessage
{
    private ZcrxCommand()
    {
    }

    /// <summary>Leaves only the command's name to another process, which refuses it.</summary>
    ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => new RemoteCommand.Surrogate(GetType().Name);

    /// <summary>Requests the status. Answered with <see cref="ZcrxStatus"/>.</summary>
    /// <param name="IncludeConnections">Whether to list the connections. With very many connections, that is most of the work.</param>
    public sealed record GetStatus(bool IncludeConnections = true) : ZcrxCommand;

    /// <summary>
    /// Waits until every listener is bound and every queue is open. Answered with <see cref="ZcrxStatus"/>, or with
    /// <see cref="Akka.Actor.Status.Failure"/> that contains the exception with which the start failed.
    /// </summary>
    public sealed record WhenStarted : ZcrxCommand;

    /// <summary>Closes the ports, which are not opened again. Connections continue. Answered with <see cref="ZcrxStatus"/> once the last port is closed.</summary>
    public sealed record CloseListeners : ZcrxCommand;

    /// <summary>
    /// Binds another listener, on every open queue or not at all. Answered with <see cref="ZcrxReply.Bound"/> when every open queue accepts
    /// on it, otherwise with <see cref="ZcrxReply.Failed"/>. It fails if the options are invalid, the name is in use, the address is not
    /// available or a queue refuses the port.
    /// </summary>
    /// <param name="Listener">The listener: its address, its handler, and its limits. The object must not be changed afterwards.</param>
    /// <remarks>It survives restarts of the queues like a listener of the configuration. Where no queue is open, connections wait in the backlog.</remarks>
    public sealed record Bind(ZcrxListenerOptions Listener) : ZcrxCommand;

    /// <summary>
    /// Closes the port of one listener, also one of the configuration. Answered with <see cref="ZcrxReply.Unbound"/>, or with <see cref="ZcrxReply.Failed"/> when no
    /// listener has the name.
    /// </summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Drain">
    /// How long the listener's connections may take to end by themselves before they are closed. The answer comes after the last one then. Null leaves the
    /// connections open, and the answer comes once the port is closed.
    /// </param>
    /// <remarks>It may be sent again until the last connection is closed, also with less time.</remarks>
    public sealed record Unbind(string Listener, TimeSpan? Drain = null) : ZcrxCommand
    {
        /// <summary>Gets the identity of the listener, whose name another listener may have by now, or null to use the name.</summary>
        internal object? Slot { get; init; }
    }

    /// <summary>
    /// Stops accepting, delivers what has arrived, closes everything, and ends the supervisor. Answered with the last
    /// <see cref="ZcrxStatus"/>. It may be sent again with less time.
    /// </summary>
    /// <param name="Drain">The time limit for delivering what has arrived. With zero, nothing more is delivered.</param>
    public sealed record Stop(TimeSpan Drain) : ZcrxCommand;

    /// <summary>
    /// Closes one queue and opens it again. Its connections resume at the same stream offset. A queue that was given up is tried again.
    /// On a NIC the next ring continues the registration where the kernel (Linux 6.19) and the changed options allow it. Nothing is lost then, but the kernel
    /// sends no notifications any more and the pool does not grow.
    /// Answered with <see cref="ZcrxReply.Restarted"/> when it is open again, or with <see cref="ZcrxReply.Failed"/> if it was given up or there is no such queue.
    /// </summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Drain">On a NIC, how long to keep receiving until the sockets are empty (<see cref="Zcrx.Rx.ZcrxQueue.SuspendAsync"/>). Null for the configured time. It has no effect where the registration is continued.</param>
    /// <param name="RegisterAnew">Whether to close a NIC's queue and register it again in any case. Notifications and growth work again then, and streams whose payload lies in the old memory end with an error.</param>
    public sealed record RestartQueue(string Queue, TimeSpan? Drain = null, bool RegisterAnew = false) : ZcrxCommand;

    /// <summary>Receives for a socket that the application has connected. Answered with <see cref="ZcrxReply.Attached"/> or <see cref="ZcrxReply.Failed"/>.</summary>
    /// <param name="Socket">A connected TCP socket on which nothing else receives. Zcrx owns it after a success. After a failure the sender still owns it.</param>
    /// <param name="Handler">Called with the connection before anything is received: subscribe, and return the subscription. It is disposed when the connection has closed.</param>
    /// <param name="Queue">The queue; null for the open one with the fewest connections.</param>
    public sealed record AttachConnection(Socket Socket, Func<ZcrxConnection, IDisposable> Handler, string? Queue = null) : ZcrxCommand;

    /// <summary>
    /// Stops receiving for a connection until it is resumed. TCP slows its sender down. Answered with <see cref="ZcrxReply.Paused"/> or
    /// <see cref="ZcrxReply.Failed"/>.
    /// </summary>
    /// <param name="ConnectionId">The connection's number.</param>
    public sealed record PauseConnection(long ConnectionId) : ZcrxCommand;

    /// <summary>Resumes receiving for a connection. Answered with <see cref="ZcrxReply.Resumed"/> or <see cref="ZcrxReply.Failed"/>.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    public sealed record ResumeConnection(long ConnectionId) : ZcrxCommand;

    /// <summary>
    /// Lets another queue receive for a connection. The stream has no gap, and its observers notice nothing. Answered with
    /// <see cref="ZcrxReply.Moved"/> or <see cref="ZcrxReply.Failed"/> once the outcome is certain: see
    /// <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>.
    /// </summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="Queue">The queue that is to receive it.</param>
    public sealed record MoveConnection(long ConnectionId, string Queue) : ZcrxCommand;

    /// <summary>
    /// Returns a connection's socket at a known position. Observers receive the data that has arrived, then an error that states the position. Answered with
    /// <see cref="ZcrxReply.Detached"/>, whose socket the asker disposes, or <see cref="ZcrxReply.Failed"/>.
    /// </summary>
    /// <param name="ConnectionId">The connection's number.</param>
    public sealed record DetachConnection(long ConnectionId) : ZcrxCommand;
}
