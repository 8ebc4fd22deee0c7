using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>Represents a connection that was returned to the application as a socket.</summary>
/// <param name="Socket">The connected socket in blocking mode, owned by the caller.</param>
/// <param name="StreamOffset">The stream offset of the next byte that the socket will return.</param>
/// <param name="Unread">The bytes before this offset that no observer has received. Usually empty.</param>
public sealed record DetachedConnection(Socket Socket, long StreamOffset, ReadOnlyMemory<byte> Unread);
