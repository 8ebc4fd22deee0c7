using System.Net.Sockets;
using Akka.Actor;
using Akka.Util;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a command to the supervisor. Immutable. Each command documents the answer that its sender receives.</summary>
/// <remarks>
/// <para>Commands about a connection, a queue or a listener are answered with a <see cref="ZcrxReply"/> on success and on failure.</para>
/// <para>The supervisor executes only commands of its own process. It refuses and logs a command that arrives through Akka.Remote or whose
/// sender is an actor of another process. The answer is then <see cref="Akka.Actor.Status.Failure"/>, so an <c>Ask</c> fails at once. To
/// control a supervisor from another process, send a message of your own to an actor in the supervisor's process. That actor sends the
/// command and forwards the data that you need.</para>
/// </remarks>
public abstract record ZcrxCommand : ILocalMessage
{
    private ZcrxCommand()
    {
    }

    /// <summary>Replaces the command by its name when it is sent to another process, where the supervisor refuses it.</summary>
    ISurrogate ISurrogated.ToSurrogate(ActorSystem system) => new RemoteCommand.Surrogate(GetType().Name);

    /// <summary>Requests the status. Answered with <see cref="ZcrxStatus"/>.</summary>
    /// <param name="IncludeConnections">True to list the connections. With many connections, this list is most of the cost.</param>
    public sealed record GetStatus(bool IncludeConnections = true) : ZcrxCommand;

    /// <summary>
    /// Waits until every listener is bound and every queue is open. Answered with <see cref="ZcrxStatus"/>, or with
    /// <see cref="Akka.Actor.Status.Failure"/> that contains the exception with which the start failed.
    /// </summary>
    public sealed record WhenStarted : ZcrxCommand;

    /// <summary>
    /// Closes the ports permanently. Connections continue. Answered with <see cref="ZcrxStatus"/> once the last port is closed.
    /// </summary>
    public sealed record CloseListeners : ZcrxCommand;

    /// <summary>
    /// Binds a listener while Zcrx runs. Answered with <see cref="ZcrxReply.Bound"/> when every open queue was asked to accept on it,
    /// otherwise with <see cref="ZcrxReply.Failed"/>. The command fails if the options are invalid, or if the name or the address is in
    /// use. It also fails if any queue refuses the port, or if <see cref="ZcrxOptions.BindTimeout"/> has passed.
    /// </summary>
    /// <param name="Listener">The options of the listener. The object must not be changed afterwards.</param>
    /// <remarks>
    /// The listener survives restarts of the queues like a listener of the configuration. While no queue is open, connections wait in the
    /// backlog.
    /// </remarks>
    public sealed record Bind(ZcrxListenerOptions Listener) : ZcrxCommand;

    /// <summary>
    /// Closes the port of one listener, whether it was configured or bound at run time. Answered with <see cref="ZcrxReply.Unbound"/>, or
    /// with <see cref="ZcrxReply.Failed"/> if no listener has the name, or if <see cref="ZcrxOptions.BindTimeout"/> has passed after the
    /// drain.
    /// </summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Drain">
    /// The time after which open connections of the listener are closed, or reset if their work is unfinished. This includes connections of
    /// earlier listeners with the same name. The answer then comes after the last connection has ended. Null leaves all connections open,
    /// and the answer comes once the port is closed.
    /// </param>
    /// <remarks>Until the last connection is closed, the command may be repeated, for example with a shorter time.</remarks>
    public sealed record Unbind(string Listener, TimeSpan? Drain = null) : ZcrxCommand
    {
        /// <summary>
        /// Gets the identity of the listener; null to find it by its name. The identity is safer, because a later
        /// listener may have the same name.
        /// </summary>
        internal object? Slot { get; init; }
    }

    /// <summary>
    /// Stops accepting, delivers received bytes, closes everything, and ends the supervisor. Answered with the last
    /// <see cref="ZcrxStatus"/>. The command may be repeated with a shorter time.
    /// </summary>
    /// <param name="Drain">The time limit for the delivery of received bytes. With zero, nothing more is delivered.</param>
    public sealed record Stop(TimeSpan Drain) : ZcrxCommand;

    /// <summary>
    /// Closes one queue and opens it again. Also opens a queue that was given up. The connections resume at the same stream offset.
    /// Answered with <see cref="ZcrxReply.Restarted"/> when the queue is open again. Answered with <see cref="ZcrxReply.Failed"/> if the
    /// queue could not be opened or does not exist.
    /// </summary>
    /// <remarks>
    /// On a NIC, the new ring continues the kernel's registration of the queue if the kernel (Linux 6.19) and the changed options allow
    /// this. No data is lost then. But the kernel sends no further notifications to the queue, and the pool can no longer grow.
    /// </remarks>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Drain">
    /// The time for which a queue of a NIC keeps receiving until the sockets are empty (<see cref="Zcrx.Rx.ZcrxQueue.SuspendAsync"/>). Null
    /// for <see cref="ZcrxOptions.DrainTimeout"/>. The value has no effect if the registration is continued.
    /// </param>
    /// <param name="RegisterAnew">
    /// True to register a queue of a NIC again in any case. Notifications and growth work again afterwards. Streams with payload in the old
    /// memory end with an error.
    /// </param>
    public sealed record RestartQueue(string Queue, TimeSpan? Drain = null, bool RegisterAnew = false) : ZcrxCommand;

    /// <summary>
    /// Lets a queue receive for a socket that the application has connected. Answered with <see cref="ZcrxReply.Attached"/> or
    /// <see cref="ZcrxReply.Failed"/>.
    /// </summary>
    /// <param name="Socket">
    /// A connected TCP socket. No other code may receive on it. Zcrx owns the socket after a success. After a
    /// failure the sender still owns it.
    /// </param>
    /// <param name="Handler">
    /// Called with the connection before anything is received. It subscribes, and returns the subscription. The subscription is disposed
    /// when the connection has closed.
    /// </param>
    /// <param name="Queue">The queue; null for the open queue with the fewest connections.</param>
    public sealed record AttachConnection(Socket Socket, Func<ZcrxConnection, IDisposable> Handler, string? Queue = null) : ZcrxCommand;

    /// <summary>
    /// Stops receiving for a connection until it is resumed. TCP flow control then slows down the peer. Answered with
    /// <see cref="ZcrxReply.Paused"/> or <see cref="ZcrxReply.Failed"/>.
    /// </summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    public sealed record PauseConnection(long ConnectionId) : ZcrxCommand;

    /// <summary>
    /// Resumes receiving for a connection. Answered with <see cref="ZcrxReply.Resumed"/> or <see cref="ZcrxReply.Failed"/>.
    /// </summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    public sealed record ResumeConnection(long ConnectionId) : ZcrxCommand;

    /// <summary>
    /// Moves a connection to another queue. The stream continues without a gap. Answered with <see cref="ZcrxReply.Moved"/> or
    /// <see cref="ZcrxReply.Failed"/> once the outcome is certain; see <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>.
    /// </summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="Queue">The name of the queue to which the connection moves.</param>
    public sealed record MoveConnection(long ConnectionId, string Queue) : ZcrxCommand;

    /// <summary>
    /// Stops receiving for a connection, and returns its socket at a known stream offset. Observers receive the bytes before this offset,
    /// then an error that states the offset. Answered with <see cref="ZcrxReply.Detached"/> or <see cref="ZcrxReply.Failed"/>. The sender
    /// of the command must dispose the returned socket.
    /// </summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    public sealed record DetachConnection(long ConnectionId) : ZcrxCommand;
}
