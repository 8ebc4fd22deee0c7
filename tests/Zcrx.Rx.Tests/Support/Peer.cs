using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Represents the remote end of a connection. It sends the bytes of a test stream in pieces of any size.</summary>
internal sealed class Peer(Socket socket, int stream) : IDisposable
{
    private const int Piece = 1 << 16;

    public Socket Socket { get; } = socket;

    public int Stream { get; } = stream;

    /// <summary>Gets the number of bytes sent so far.</summary>
    public long Sent { get; private set; }

    public int Port => ((IPEndPoint)Socket.LocalEndPoint!).Port;

    /// <summary>Gets a value that indicates whether a send failed because the other end has reset the connection.</summary>
    public bool WasReset { get; private set; }

    /// <summary>Connects. A test passes small buffers so that the sender is soon blocked when its receiver does not read.</summary>
    public static async Task<Peer> ConnectAsync(EndPoint endPoint, int stream, int? sendBuffer = null)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (sendBuffer is { } size)
        {
            socket.SendBufferSize = size;
        }

        await socket.ConnectAsync(endPoint).Within("the peer is connected");
        return new Peer(socket, stream);
    }

    /// <summary>Sends the next bytes of the stream. Returns when the kernel has accepted them, or when the connection was reset.</summary>
    public async Task SendAsync(long count, int piece = Piece)
    {
        while (count > 0)
        {
            int length = (int)long.Min(count, piece);
            int sent;
            try
            {
                sent = await Socket.SendAsync(Payload.Memory(Stream, Sent, length));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
            {
                // The connection may be reset during the send. The remaining bytes are then not sent, and a test that expects them fails.
                WasReset = true;
                return;
            }

            Sent += sent;
            count -= sent;

            // If the receiver is fast, every send completes synchronously. Without this yield, the caller would continue only after the
            // last byte.
            await Task.Yield();
        }
    }

    public async Task SendAllAsync(long count, int piece = Piece)
    {
        await SendAsync(count, piece);
        EndSending();
    }

    public void EndSending()
    {
        if (!WasReset)
        {
            Socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>Closes the connection with a reset.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    /// <summary>Reads all remaining bytes, and determines whether the connection was reset after them.</summary>
    public async Task<bool> IsResetAsync()
    {
        if (WasReset)
        {
            return true;
        }

        byte[] buffer = new byte[4096];
        try
        {
            while (await Socket.ReceiveAsync(buffer).Within("the connection ends at the peer") > 0)
            {
                // The test does not check these bytes.
            }

            return false;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public void Dispose() => Socket.Dispose();
}
