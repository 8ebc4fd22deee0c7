using System.Net.Sockets;

namespace Zcrx.Rx;

/// <summary>A connection that was given back.</summary>
/// <param name="Socket">The connected socket, blocking; the caller's from now on.</param>
/// <param name="StreamOffset">Position in the connection's stream of the first byte that the socket will give.</param>
/// <param name="Unread">The bytes just before that position that no observer had seen; usually none.</param>
public sealed record DetachedConnection(Socket Socket, long StreamOffset, ReadOnlyMemory<byte> Unread);
