using System.Net;
using System.Net.Sockets;

namespace ClusterIngest;

/// <summary>Sends the frames of one connection and waits until the service closes the connection.</summary>
/// <remarks>
/// The service closes the connection in order when all frames are acknowledged. If its process dies, the kernel may close the connection
/// in the same way. The protocol of the demo has no acknowledgements. <see cref="DemoRun"/> therefore counts the frames in the journals of
/// the entities, and reports an edge that has died.
/// </remarks>
internal sealed class FrameSender(int connection, DemoOptions options)
{
    private const int Batch = 64;

    private int _sent;

    /// <summary>Gets the number of frames that were passed to the kernel.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Gets the reason why the connection ended early; null if it ended in order.</summary>
    public string? Problem { get; private set; }

    /// <summary>Sends all frames, and waits for the end of the connection.</summary>
    public async Task RunAsync(IPEndPoint to, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(to, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            Problem = $"Connection {connection} ended early: {exception.Message}";
        }
    }

    private async Task SendAsync(IPEndPoint to, CancellationToken cancellationToken)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to, cancellationToken);
        using PeriodicTimer? pace = options.FramesPerSecond > 0 ? new(TimeSpan.FromSeconds((double)Batch / options.FramesPerSecond)) : null;
        int size = DemoFrame.Prefix + options.Length;
        byte[] bytes = new byte[size * Batch];
        while (_sent < options.Frames)
        {
            int count = Math.Min(Batch, options.Frames - _sent);
            for (int i = 0; i < count; i++)
            {
                int number = _sent + i;
                new DemoFrame(connection, number, number % DemoFrame.Keys).Write(bytes.AsSpan(i * size, size));
            }

            for (ReadOnlyMemory<byte> rest = bytes.AsMemory(0, count * size); !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest, cancellationToken)..];
            }

            Volatile.Write(ref _sent, _sent + count);
            if (pace is not null)
            {
                await pace.WaitForNextTickAsync(cancellationToken);
            }
        }

        socket.Shutdown(SocketShutdown.Send);
        await socket.ReceiveAsync(new byte[1], cancellationToken);
    }
}
