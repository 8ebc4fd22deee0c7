using System.Net.Sockets;
using Akka.Actor;
using Akka.Util;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a command to the supervisor. Immutable; the sender gets the answer that the command names.</summary>
/// <remarks>
/// <para>Commands about a connection or a queue are answered with a <see cref="ZcrxReply"/>, be it success or failure.</para>
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

    /// <summary>How everything stands. Answered with <see cref="ZcrxStatus"/>.</summary>
    /// <param name="IncludeConnections">Whether to list the connections; with very many of them, that is most of the work.</param>
    public sealed record GetStatus(bool IncludeConnections = true) : ZcrxCommand;

    /// <summary>
    /// Asks to be told once every listener is bound and every queue is open. Answered with <see cref="ZcrxStatus"/>, or with
    /// <see cref="Akka.Actor.Status.Failure"/> that carries the exception because of which this will not happen.
    /// </summary>
    public sealed record WhenStarted : ZcrxCommand;

    /// <summary>Closes the ports for good; connections stay, and go on. Answered with <see cref="ZcrxStatus"/> once the last port is closed.</summary>
    public sealed record CloseListeners : ZcrxCommand;

    /// <summary>
    /// Stops accepting, delivers what has arrived, closes everything, and ends the supervisor. Answered with the last
    /// <see cref="ZcrxStatus"/>. May be sent again, for example with less time.
    /// </summary>
    /// <param name="Drain">How long delivering may take; zero for not at all.</param>
    public sealed record Stop(TimeSpan Drain) : ZcrxCommand;

    /// <summary>
    /// Closes one queue and opens it again; its connections go on where they were. A queue that had failed for good is tried again. On a NIC the next ring goes on with the
    /// registration where the kernel can (Linux 6.19) and the changed options allow it: then nothing is lost, but the kernel notifies nothing any more and the pool does not grow.
    /// Answered with <see cref="ZcrxReply.Restarted"/> once it is open again, or with <see cref="ZcrxReply.Failed"/>: it has been given up, or there is no such queue.
    /// </summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Drain">On a NIC, how long to go on receiving until the sockets are empty (<see cref="Zcrx.Rx.ZcrxQueue.SuspendAsync"/>); null for the configured time. Of no effect where the registration goes on.</param>
    /// <param name="RegisterAnew">Whether to give a NIC's queue back and register it anew in any case: with notifications and growth again, and streams whose payload lies in the old memory are told.</param>
    public sealed record RestartQueue(string Queue, TimeSpan? Drain = null, bool RegisterAnew = false) : ZcrxCommand;

    /// <summary>Receives for a socket that was connected elsewhere. Answered with <see cref="ZcrxReply.Attached"/> or <see cref="ZcrxReply.Failed"/>.</summary>
    /// <param name="Socket">A connected TCP socket on which nobody receives. Zcrx's with the success; with a failure it stays the sender's.</param>
    /// <param name="Handler">Called with the connection before anything is received: subscribe, and return the subscription. It is disposed when the connection has closed.</param>
    /// <param name="Queue">The queue; null for the open one with the fewest connections.</param>
    public sealed record AttachConnection(Socket Socket, Func<ZcrxConnection, IDisposable> Handler, string? Queue = null) : ZcrxCommand;

    /// <summary>Stops receiving for a connection until it is resumed; its sender is slowed down by TCP. Answered with <see cref="ZcrxReply.Paused"/> or <see cref="ZcrxReply.Failed"/>.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    public sealed record PauseConnection(long ConnectionId) : ZcrxCommand;

    /// <summary>Goes on receiving. Answered with <see cref="ZcrxReply.Resumed"/> or <see cref="ZcrxReply.Failed"/>.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    public sealed record ResumeConnection(long ConnectionId) : ZcrxCommand;

    /// <summary>
    /// Lets another queue receive for a connection, without a gap and without a word to its observers. Answered with <see cref="ZcrxReply.Moved"/>
    /// or <see cref="ZcrxReply.Failed"/>, when it is certain: see <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>.
    /// </summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="Queue">The queue that is to receive it.</param>
    public sealed record MoveConnection(long ConnectionId, string Queue) : ZcrxCommand;

    /// <summary>
    /// Gives a connection's socket back, at a known position: observers get what was received, then an error that says so. Answered with
    /// <see cref="ZcrxReply.Detached"/>, whose socket is the asker's to dispose, or <see cref="ZcrxReply.Failed"/>.
    /// </summary>
    /// <param name="ConnectionId">The connection's number.</param>
    public sealed record DetachConnection(long ConnectionId) : ZcrxCommand;
}
