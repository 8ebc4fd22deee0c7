using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Shutdown;

/// <summary>Sends frames to a <see cref="PoolServer"/> without a pause until the connection ends, and records the replies.</summary>
internal sealed class PoolClient : IDisposable
{
    private const int FramesPerSend = 20;

    private readonly int _number;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly HashSet<int> _replies = [];
    private Task _running = Task.CompletedTask;

    private PoolClient(int number) => _number = number;

    public static async Task<PoolClient> StartAsync(int number, IPEndPoint endPoint)
    {
        PoolClient client = new(number);
        await client._socket.ConnectAsync(endPoint).WithinLimit();
        client._running = Task.WhenAll(Task.Run(client.SendAsync), Task.Run(client.ReceiveAsync));
        return client;
    }

    /// <summary>Waits until the server has ended the connection.</summary>
    /// <returns>The numbers of the frames that the server has acknowledged.</returns>
    public async Task<IReadOnlySet<int>> RepliesAsync()
    {
        await _running.WithinLimit();
        return _replies;
    }

    public void Dispose() => _socket.Dispose();

    private async Task SendAsync()
    {
        try
        {
            for (int next = 0; ; next += FramesPerSend)
            {
                ReadOnlyMemory<byte> bytes = Frames(next);
                while (!bytes.IsEmpty)
                {
                    bytes = bytes[await _socket.SendAsync(bytes)..];
                }
            }
        }
        catch (SocketException)
        {
            // The server has closed the connection.
        }
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[64 * 1024];
        int held = 0;
        try
        {
            while (await _socket.ReceiveAsync(buffer.AsMemory(held)) is var count and > 0)
            {
                held += count;
                int whole = held - (held % PoolServer.ReplyLength);
                for (int i = 0; i < whole; i += PoolServer.ReplyLength)
                {
                    Assert.True(_replies.Add(BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(i))), "A frame was acknowledged twice.");
                }

                buffer.AsSpan(whole, held - whole).CopyTo(buffer);
                held -= whole;
            }
        }
        catch (SocketException)
        {
            // The server has reset the connection. All bytes that arrived before were read.
        }
    }

    private byte[] Frames(int first)
    {
        const int Total = PoolServer.PrefixLength + PoolServer.FrameLength;
        byte[] bytes = new byte[FramesPerSend * Total];
        for (int i = 0; i < FramesPerSend; i++)
        {
            Span<byte> frame = bytes.AsSpan(i * Total, Total);
            BinaryPrimitives.WriteInt32BigEndian(frame, PoolServer.FrameLength);
            BinaryPrimitives.WriteInt32BigEndian(frame[PoolServer.PrefixLength..], _number);
            BinaryPrimitives.WriteInt32BigEndian(frame[(PoolServer.PrefixLength + sizeof(int))..], first + i);
        }

        return bytes;
    }
}
