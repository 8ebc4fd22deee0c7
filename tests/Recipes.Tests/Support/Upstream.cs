using System.Net;
using System.Net.Sockets;

namespace Recipes.Tests.Support;

/// <summary>Represents the server to which a proxy forwards. It uses plain sockets.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<Socket, Task> _serve;
    private Task _accepting = Task.CompletedTask;
    private int _open;

    private Upstream(Func<Socket, Task> serve) => _serve = serve;

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Gets the number of connections that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    public static Upstream Start(Func<Socket, Task> serve)
    {
        Upstream upstream = new(serve);
        upstream._listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        upstream._listener.Listen(1024);
        upstream._accepting = upstream.AcceptAsync();
        return upstream;
    }

    /// <summary>Reads to the end of the stream, and then sends all bytes back.</summary>
    public static async Task EchoAsync(Socket socket)
    {
        ReadOnlyMemory<byte> bytes = await ReadToEndAsync(socket);
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    public static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[16384];
        int read;
        while ((read = await socket.ReceiveAsync(buffer.AsMemory())) > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting.Within("accepting ends");
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _open);
                _ = Task.Run(() => ServeAsync(socket));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test has disposed the upstream server.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await _serve(socket);
        }
        catch (SocketException)
        {
            // The proxy has reset the connection.
        }
        finally
        {
            socket.Dispose();
            Interlocked.Decrement(ref _open);
        }
    }
}
