using System.Net;
using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Creates TCP sockets with a port of their own. The port identifies the stream until the socket is disposed.</summary>
/// <remarks>
/// Without this, the kernel could reuse the port after a reset. Another stream would then have the same number before the client has
/// noticed the end of the first.
/// </remarks>
internal static class BoundSocket
{
    // By default, the kernel chooses its own ports above this range. The ports are used in turn, so a port is reused only after all others.
    private const int First = 12000;
    private const int Count = 20000;

    private static int _last = Random.Shared.Next(Count);

    public static Socket Create()
    {
        for (int i = 0; i < Count; i++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return socket;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                socket.Dispose();
            }
        }

        throw new InvalidOperationException($"No port between {First} and {First + Count} is free.");
    }
}
