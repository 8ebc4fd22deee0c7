using System.Net.Sockets;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Serves small messages with sockets. Each connection has a loop of ReceiveAsync and SendAsync, and two buffers.</summary>
internal static class SocketMessageServer
{
    public const int BufferLength = 4096;

    public static Task<int> StartAsync() => Task.FromResult(new LoopbackListener().Start(ServeAsync));

    public static async ValueTask SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false)..];
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            Exchange exchange = new();
            byte[] buffer = new byte[BufferLength];
            byte[] replies = new byte[Exchange.LengthOfReplies(BufferLength)];
            int received;
            while ((received = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None).ConfigureAwait(false)) > 0)
            {
                int length = exchange.Answer(buffer.AsSpan(0, received), replies);
                await SendAllAsync(socket, replies.AsMemory(0, length)).ConfigureAwait(false);
            }
        }
    }
}
