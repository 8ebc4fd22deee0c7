using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Benchmarks.Traffic;

/// <summary>Runs the sender process of a case. It opens all connections, and then sends on all of them at the same time.</summary>
internal static class Sender
{
    private const int SendLength = 64 * 1024;

    /// <param name="args">The port, the number of connections, and the number of bytes per connection.</param>
    public static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        int port = int.Parse(args.Span[0], CultureInfo.InvariantCulture);
        int connections = int.Parse(args.Span[1], CultureInfo.InvariantCulture);
        long bytes = long.Parse(args.Span[2], CultureInfo.InvariantCulture);
        Payload payload = new();
        Socket[] sockets = new Socket[connections];
        for (int i = 0; i < connections; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await sockets[i].ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        }

        // Sending starts when all sockets are connected, because accepting is not part of the measurement.
        await Task.WhenAll(Array.ConvertAll(sockets, socket => Task.Run(() => SendAsync(socket, payload, bytes))));
        // The comparison closes the standard input when all bytes have arrived.
        _ = await Console.In.ReadToEndAsync();
        Array.ForEach(sockets, static socket => socket.Dispose());
        return 0;
    }

    private static async Task SendAsync(Socket socket, Payload payload, long bytes)
    {
        long position = 0;
        while (position < bytes)
        {
            ReadOnlyMemory<byte> next = payload.At(position, (int)long.Min(SendLength, bytes - position));
            position += await socket.SendAsync(next, SocketFlags.None);
        }
    }
}
