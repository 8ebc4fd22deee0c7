using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ClusterIngest;

/// <summary>Sends the frames of one connection and receives the confirmation of the edge.</summary>
/// <remarks>
/// At the end of a connection, the edge sends how many of the connection's first frames are stored. Later frames are in no shard, and a
/// client can send them again to another edge. Without this confirmation, the end of the connection proves nothing, because the kernel may
/// close the connections of a dead process in order.
/// </remarks>
internal sealed class FrameSender(int connection, DemoOptions options)
{
    private const int Batch = 64;

    private int _sent;

    /// <summary>Gets the number of frames that were passed to the kernel.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Gets the number of frames that the edge has confirmed; null without a confirmation.</summary>
    public long? Confirmed { get; private set; }

    /// <summary>Gets the reason why not all frames were confirmed; null if they were.</summary>
    public string? Problem { get; private set; }

    /// <summary>Sends all frames, and waits for the confirmation.</summary>
    public async Task RunAsync(IPEndPoint to, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(to, cancellationToken);
            // Receives while it sends. An edge that is being stopped sends its confirmation early, and then reads no more frames.
            Task<long?> confirming = ReceiveAsync(socket, cancellationToken);
            try
            {
                await SendAsync(socket, confirming, cancellationToken);
            }
            catch (SocketException exception)
            {
                failure = exception;
            }

            Confirmed = await confirming;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // If both directions fail, one error may be EPIPE, which hides the cause. A reset of the sending direction is therefore kept.
            failure = failure is SocketException { SocketErrorCode: SocketError.ConnectionReset } ? failure : exception;
        }

        if (Confirmed != options.Frames)
        {
            Problem = $"Connection {connection} ended early: {(Confirmed is { } count ? $"{count:N0} frames are confirmed" : failure?.Message ?? "it has no confirmation")}";
        }
    }

    private static async Task<long?> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[DemoFrame.Confirmation];
        for (int length = 0; length < bytes.Length;)
        {
            int received = await socket.ReceiveAsync(bytes.AsMemory(length), cancellationToken);
            if (received == 0)
            {
                return null;
            }

            length += received;
        }

        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }

    private async Task SendAsync(Socket socket, Task confirming, CancellationToken cancellationToken)
    {
        using PeriodicTimer? pace = options.FramesPerSecond > 0 ? new(TimeSpan.FromSeconds((double)Batch / options.FramesPerSecond)) : null;
        int size = DemoFrame.Prefix + options.Length;
        byte[] bytes = new byte[size * Batch];
        while (_sent < options.Frames && !confirming.IsCompleted)
        {
            int before = _sent;
            int count = Math.Min(Batch, options.Frames - before);
            for (int i = 0; i < count; i++)
            {
                int number = before + i;
                new DemoFrame(connection, number, number % DemoFrame.Keys).Write(bytes.AsSpan(i * size, size));
            }

            for (ReadOnlyMemory<byte> rest = bytes.AsMemory(0, count * size); !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest, cancellationToken)..];
                // Counts complete frames after each send, because the connection may end in the middle of a batch.
                Volatile.Write(ref _sent, before + (((count * size) - rest.Length) / size));
            }

            if (pace is not null)
            {
                await pace.WaitForNextTickAsync(cancellationToken);
            }
        }

        socket.Shutdown(SocketShutdown.Send);
    }
}
