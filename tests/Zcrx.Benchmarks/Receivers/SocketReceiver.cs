using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Receives with sockets in an efficient way. Each connection has a pooled buffer of 64 KiB, and ReceiveAsync does not allocate.
/// </summary>
internal sealed class SocketReceiver : IReceiver
{
    public const int BufferLength = 64 * 1024;

    private readonly LoopbackListener _listener = new();

    public string Note => "";

    public Task<int> StartAsync(Meter meter) => Task.FromResult(_listener.Start(socket => ReceiveAsync(socket, meter.Next())));

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private static async Task ReceiveAsync(Socket socket, ConnectionMeter meter)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        int received;
        while ((received = await socket.ReceiveAsync(buffer.AsMemory(0, BufferLength), SocketFlags.None).ConfigureAwait(false)) > 0)
        {
            meter.Count(buffer.AsSpan(0, received));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        socket.Dispose();
    }
}
