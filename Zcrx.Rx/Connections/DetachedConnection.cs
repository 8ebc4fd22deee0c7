using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>Represents a connection whose socket belongs to the application again.</summary>
/// <param name="Socket">The connected socket, blocking, owned by the caller.</param>
/// <param name="StreamOffset">The stream offset of the first byte that the socket will return.</param>
/// <param name="Unread">The bytes before that offset that no observer has received; usually empty.</param>
public sealed record DetachedConnection(Socket Socket, long StreamOffset, ReadOnlyMemory<byte> Unread);
