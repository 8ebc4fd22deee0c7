using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Support;

/// <summary>The other end of a connection: sends the stream's bytes, in whatever pieces.</summary>
internal sealed class Peer(Socket socket, int stream) : IDisposable
{
    private const int Piece = 1 << 16;

    public Socket Socket { get; } = socket;

    public int Stream { get; } = stream;

    /// <summary>Bytes sent so far.</summary>
    public long Sent { get; private set; }

    public int Port => ((IPEndPoint)Socket.LocalEndPoint!).Port;

    /// <summary>Whether sending ended early because the other end had reset the connection.</summary>
    public bool WasReset { get; private set; }

    /// <summary>Connects; small buffers make a sender feel soon that nobody reads.</summary>
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

    /// <summary>Sends the next bytes of the stream; ends when the kernel has taken them, or when the connection was reset.</summary>
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
                // A reset may come in the middle of sending. Who wants all bytes to arrive sees that they do not.
                WasReset = true;
                return;
            }

            Sent += sent;
            count -= sent;

            // Against a receiver that keeps up, no send ever waits: whoever called would not go on before the last byte.
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

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    /// <summary>Whether the connection was ended by a reset, or in order; reads whatever is still to be read.</summary>
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
                // Answers that nobody asked for here.
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
