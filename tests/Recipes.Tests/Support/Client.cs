using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Recipes.Tests.Support;

/// <summary>Represents a client over a plain socket.</summary>
internal sealed class Client : IDisposable
{
    private readonly Socket _socket;

    private Client(Socket socket) => _socket = socket;

    public Socket Socket => _socket;

    public static async Task<Client> ConnectAsync(IPEndPoint endPoint, int? receiveBuffer = null)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size)
        {
            // The size is set before the connect call, because it then applies to the first window, too.
            socket.ReceiveBufferSize = size;
        }

        await socket.ConnectAsync(endPoint).Within("the client is connected");
        return new Client(socket);
    }

    /// <summary>Sends a request and ends the stream. Returns all bytes until the end of the connection.</summary>
    public static async Task<byte[]> ConverseAsync(IPEndPoint endPoint, byte[] request)
    {
        using Client client = await ConnectAsync(endPoint);
        await client.SendAsync(request);
        client.EndSending();
        return await client.ReadToEndAsync();
    }

    /// <summary>
    /// Connects, and waits for the end of the connection. A server that refuses a client may reset it before the connect call returns.
    /// </summary>
    /// <returns>True if the server has reset the connection.</returns>
    public static async Task<bool> IsResetAsync(IPEndPoint endPoint)
    {
        try
        {
            using Client client = await ConnectAsync(endPoint);
            return await client.IsResetAsync();
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().Within("the server takes the bytes")..];
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads exactly this number of bytes.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        byte[] buffer = new byte[count];
        int length = 0;
        while (length < count)
        {
            int read = await _socket.ReceiveAsync(buffer.AsMemory(length)).AsTask().Within($"{count} bytes arrive, after {length}");
            Assert.True(read > 0, $"the connection ended after {length} of {count} bytes");
            length += read;
        }

        return buffer;
    }

    /// <summary>Reads as much text as is expected, and asserts that it is equal.</summary>
    public async Task ExpectAsync(string text) => Assert.Equal(text, Encoding.Latin1.GetString(await ReadAsync(text.Length)));

    /// <summary>Reads to the end of the connection.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[65536];
        int read;
        while ((read = await _socket.ReceiveAsync(buffer.AsMemory()).AsTask().Within("the connection ends")) > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    /// <summary>Waits for the end of the connection, and ignores all bytes until then.</summary>
    /// <returns>True if the server has reset the connection.</returns>
    public async Task<bool> IsResetAsync()
    {
        try
        {
            await ReadToEndAsync();
            return false;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();
}
