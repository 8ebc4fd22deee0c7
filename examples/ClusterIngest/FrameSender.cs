using System.Net;
using System.Net.Sockets;

namespace ClusterIngest;

/// <summary>Sends the frames of one connection and waits until the service closes the connection, which means that all frames are acknowledged.</summary>
internal sealed class FrameSender(int connection, DemoOptions options)
{
    private const int Batch = 64;

    private int _sent;

    /// <summary>Gets the number of frames that were passed to the kernel.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Sends all frames.</summary>
    /// <exception cref="SocketException">The service has reset the connection.</exception>
    public async Task RunAsync(IPEndPoint to, CancellationToken cancellationToken)
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
