using System.Net;
using System.Net.Sockets;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Accepts connections on loopback, and starts a task for each.</summary>
internal sealed class LoopbackListener : IAsyncDisposable
{
    public const int Backlog = 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private Task _accepting = Task.CompletedTask;

    public static IPEndPoint AnyPort => new(IPAddress.Loopback, 0);

    public int Start(Func<Socket, Task> receive)
    {
        _socket.Bind(AnyPort);
        _socket.Listen(Backlog);
        _accepting = AcceptAsync(receive);
        return ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync(Func<Socket, Task> receive)
    {
        try
        {
            while (true)
            {
                Socket accepted = await _socket.AcceptAsync();
                _ = Task.Run(() => receive(accepted));
            }
        }
        catch (SocketException)
        {
            // The receiver closes the listener when all bytes have arrived.
        }
    }
}
