using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests frames over a whole queue: sockets, ring thread, and a pool that is too small for all connections.</summary>
public sealed class FramingOverQueueTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(1_000)]
    public async Task Half_frames_of_many_connections_do_not_exhaust_the_pool(int maxHeld)
    {
        // Every peer first sends half of its stream, which ends inside a frame. The incomplete frames have several times the size of the
        // pool. Then every peer sends the rest.
        const int connections = 64;
        const int frames = 3;
        const int length = 50_000;
        ZcrxQueueOptions options = new() { Engine = ZcrxEngine.Emulated, AreaSize = 32 * (long)Environment.SystemPageSize };
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(options);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using CountdownEvent left = new(connections);
        int intact = 0;
        int completed = 0;
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection => connection.Buffers
            .Frames(LengthPrefix.UInt32BigEndian, length, new FramingOptions { MaxLeasedBuffers = maxHeld })
            .Subscribe(
                frame => intact += IsIntact(frame.Sequence) ? 1 : 0,
                _ => left.Signal(),
                () =>
                {
                    completed++;
                    left.Signal();
                }));
        Socket[] clients = [.. Enumerable.Range(0, connections).Select(static _ => new Socket(SocketType.Stream, ProtocolType.Tcp))];
        byte[] stream = [.. Enumerable.Range(0, frames).SelectMany(static i => Frame(length - i))];
        int half = stream.Length / 2;

        await Task.WhenAll(clients.Select(async client =>
        {
            await client.ConnectAsync(listener.LocalEndPoint!);
            await client.SendAsync(stream.AsMemory(0, half));
        })).WaitAsync(Limit);
        Assert.True(SpinWait.SpinUntil(() => queue.Snapshot().BytesReceived == (long)half * connections, Limit), "Receiving has come to a halt.");
        await Task.WhenAll(clients.Select(async client =>
        {
            await client.SendAsync(stream.AsMemory(half));
            client.Shutdown(SocketShutdown.Send);
        })).WaitAsync(Limit);

        Assert.True(left.Wait(Limit));
        Assert.Equal(connections * frames, intact);
        Assert.Equal(connections, completed);
        Assert.True(SpinWait.SpinUntil(() => queue.Snapshot().BuffersOut == 0, Limit), "A buffer is missing.");
        await queue.DisposeAsync();
        Array.ForEach(clients, static client => client.Dispose());
    }

    private static byte[] Frame(int length)
    {
        byte[] frame = new byte[length + 4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame, length);
        for (int i = 0; i < length; i++)
        {
            frame[i + 4] = (byte)(i * 31);
        }

        return frame;
    }

    private static bool IsIntact(ReadOnlySequence<byte> frame)
    {
        int i = 0;
        foreach (ReadOnlyMemory<byte> piece in frame)
        {
            foreach (byte value in piece.Span)
            {
                if (value != (byte)(i++ * 31))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
