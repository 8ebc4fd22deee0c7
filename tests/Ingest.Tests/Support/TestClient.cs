using System.Net;
using System.Net.Sockets;

namespace Ingest.Tests.Support;

/// <summary>Represents a TCP client over a plain socket.</summary>
internal sealed class TestClient : IDisposable
{
    private readonly Socket _socket;

    private TestClient(AddressFamily family) => _socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);

    public EndPoint Local { get; private set; } = null!;

    public static async Task<TestClient> ConnectAsync(IPEndPoint to)
    {
        TestClient client = new(to.AddressFamily);
        await Deadline.Within(client._socket.ConnectAsync(to));
        client.Local = client._socket.LocalEndPoint!;
        return client;
    }

    /// <summary>Returns pseudo-random bytes. The same seed gives the same bytes.</summary>
    public static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None).AsTask().WaitAsync(Deadline.Limit)..];
        }
    }

    public void ShutdownSend() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Waits until the peer has ended its stream.</summary>
    public async Task AssertClosedByPeerAsync() => Assert.Equal(0, await ReceiveAsync());

    /// <summary>Waits until the peer has reset the connection.</summary>
    public async Task AssertResetByPeerAsync()
    {
        SocketException exception = await Assert.ThrowsAsync<SocketException>(ReceiveAsync);
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    /// <summary>Closes the connection with a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private Task<int> ReceiveAsync() => Deadline.Within(_socket.ReceiveAsync(new byte[16], SocketFlags.None, CancellationToken.None).AsTask());
}
