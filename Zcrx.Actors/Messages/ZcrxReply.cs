using System.Net.Sockets;
using Zcrx.Actors.Messages;

namespace Zcrx.Actors;

/// <summary>The answer to a command about a connection or a queue: what was done, or <see cref="Failed"/>. Immutable; ask for <see cref="ZcrxReply"/> and look which one it is.</summary>
/// <remarks>Carries what belongs to this process, and cannot be sent to another one.</remarks>
public abstract record ZcrxReply : ILocalMessage
{
    private ZcrxReply()
    {
    }

    /// <summary>The socket is a connection, and its handler has been called.</summary>
    /// <param name="Connection">The connection.</param>
    public sealed record Attached(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>No more is asked of the kernel. What has arrived already may still be delivered.</summary>
    /// <param name="Connection">The connection.</param>
    public sealed record Paused(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>It goes on.</summary>
    /// <param name="Connection">The connection.</param>
    public sealed record Resumed(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>The other queue receives it.</summary>
    /// <param name="Connection">The connection.</param>
    public sealed record Moved(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>The socket is the asker's.</summary>
    /// <param name="ConnectionId">The connection that it was.</param>
    /// <param name="Socket">The connected socket, blocking; to be disposed by whoever gets this.</param>
    /// <param name="StreamOffset">Position in the connection's stream of the first byte that the socket will give.</param>
    /// <param name="Unread">The bytes just before that position that no observer had seen; usually none.</param>
    public sealed record Detached(long ConnectionId, Socket Socket, long StreamOffset, ReadOnlyMemory<byte> Unread) : ZcrxReply;

    /// <summary>The queue is open again, and its connections go on.</summary>
    /// <param name="Queue">The queue.</param>
    public sealed record Restarted(QueueStatus Queue) : ZcrxReply;

    /// <summary>It was not done.</summary>
    /// <param name="Reason">Why, for programs.</param>
    /// <param name="ConnectionId">The connection; null if there was none yet, or it is about a queue.</param>
    /// <param name="Message">Why, for people: a sentence.</param>
    /// <param name="Cause">What led to it, if anything.</param>
    public sealed record Failed(ZcrxFailure Reason, long? ConnectionId, string Message, Exception? Cause = null) : ZcrxReply;
}
