using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Zcrx.Actors.Messages;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>
/// Represents the answer to a command about a connection, a queue or a listener. It is a result or <see cref="Failed"/>. Immutable. Call
/// <c>Ask&lt;ZcrxReply&gt;</c>, and switch on the type of the answer.
/// </summary>
/// <remarks>An answer refers to objects of this process, and cannot be sent to another process.</remarks>
public abstract record ZcrxReply : ILocalMessage
{
    private ZcrxReply()
    {
    }

    /// <summary>Reports that a queue receives for the socket, and that the handler has been called.</summary>
    /// <param name="Connection">The status of the connection.</param>
    public sealed record Attached(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>Reports that the connection is paused. Bytes that were received before may still be delivered.</summary>
    /// <param name="Connection">The status of the connection.</param>
    public sealed record Paused(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>Reports that the connection receives again.</summary>
    /// <param name="Connection">The status of the connection.</param>
    public sealed record Resumed(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>Reports that the connection was moved, so that the other queue receives for it.</summary>
    /// <param name="Connection">The status of the connection.</param>
    public sealed record Moved(ConnectionStatus Connection) : ZcrxReply;

    /// <summary>Returns the socket of a detached connection. The receiver of this message owns it.</summary>
    /// <param name="ConnectionId">The id of the detached connection.</param>
    /// <param name="Socket">The connected socket, in blocking mode. The receiver of this message must dispose it.</param>
    /// <param name="StreamOffset">The stream offset of the first byte that the socket will return.</param>
    /// <param name="Unread">The bytes directly before this offset that no observer has received. Usually empty.</param>
    public sealed record Detached(long ConnectionId, [property: JsonIgnore] Socket Socket, long StreamOffset, ReadOnlyMemory<byte> Unread) : ZcrxReply;

    /// <summary>Reports that the queue is open again and has resumed its connections.</summary>
    /// <param name="Queue">The status of the queue.</param>
    public sealed record Restarted(QueueStatus Queue) : ZcrxReply;

    /// <summary>Reports that the listener is bound and that every open queue was asked to accept on it.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="EndPoint">The bound address with the actual port.</param>
    public sealed record Bound(string Listener, [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint EndPoint) : ZcrxReply
    {
        /// <summary>Gets the identity of the listener.</summary>
        internal object? Slot { get; init; }
    }

    /// <summary>Reports that the port of a listener is closed.</summary>
    /// <param name="Listener">The listener's name.</param>
    /// <param name="Connections">The number of connections of the listener that are still open.</param>
    public sealed record Unbound(string Listener, int Connections) : ZcrxReply;

    /// <summary>Reports that the command failed.</summary>
    /// <param name="Reason">The reason as a code, for programs.</param>
    /// <param name="ConnectionId">The id of the connection; null if the command did not name a connection.</param>
    /// <param name="Message">The reason as a sentence, for people.</param>
    /// <param name="Cause">The exception that caused the failure, or null.</param>
    public sealed record Failed(ZcrxFailure Reason, long? ConnectionId, string Message, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception? Cause = null) : ZcrxReply;
}
