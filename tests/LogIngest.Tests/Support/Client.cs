using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LogIngest.Tests.Support;

/// <summary>Sends messages to the service over plain sockets.</summary>
internal static class Client
{
    /// <summary>Connects.</summary>
    public static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        Socket socket = new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to);
        return socket;
    }

    /// <summary>Returns numbered messages of an application, one per line.</summary>
    public static byte[] Lines(string app, int count) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"<13>1 - host {app} - - - text\n", count)));

    /// <summary>
    /// Sends bytes and ends the stream. Waits until the service closes the connection, which it does when all messages are stored or
    /// refused.
    /// </summary>
    /// <returns>False if the service has reset the connection.</returns>
    public static async Task<bool> SendAsync(IPEndPoint to, byte[] bytes)
    {
        using Socket socket = new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(to);
            for (ReadOnlyMemory<byte> rest = bytes; !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest)..];
            }

            socket.Shutdown(SocketShutdown.Send);
            return await socket.ReceiveAsync(new byte[1]).Within("the service closes the connection") == 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
