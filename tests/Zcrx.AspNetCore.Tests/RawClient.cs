using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Zcrx.AspNetCore.Tests;

/// <summary>Represents a client that can send any bytes, even invalid requests.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly NetworkStream _stream;

    private RawClient(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    public Socket Socket => _stream.Socket;

    public static async Task<RawClient> ConnectAsync(IPEndPoint endPoint)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint);
        return new RawClient(socket);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    /// <summary>Reads until a text has arrived, and returns everything that was read.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        using CancellationTokenSource deadline = new(Patience);
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            int read = await _stream.ReadAsync(buffer, deadline.Token);
            Assert.True(read > 0, $"the server ended the connection after: {text}");
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    /// <summary>Reads to the end of the connection.</summary>
    /// <returns>The text that was received. If the connection was reset, "(reset)" follows.</returns>
    public async Task<string> ReadToEndAsync()
    {
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        using CancellationTokenSource deadline = new(Patience);
        try
        {
            while (await _stream.ReadAsync(buffer, deadline.Token) is > 0 and var read)
            {
                text.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            text.Append("(reset)");
        }

        return text.ToString();
    }

    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        _stream.Dispose();
    }

    public void Dispose() => _stream.Dispose();
}
