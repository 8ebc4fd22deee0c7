using System.Net;
using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>TCP sockets with a port of their own, which is the number of their stream until they are disposed.</summary>
/// <remarks>A port that the kernel chooses is free again as soon as its connection is reset. Another stream may get it before the client has seen the end of the first.</remarks>
internal static class BoundSocket
{
    // Below the range that the kernel chooses from. Ports of connections that ended lately are passed over.
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
