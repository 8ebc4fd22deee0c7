using System.Net.Sockets;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Simulation;

/// <summary>Represents the peer of a connection. It sends the bytes of a stream, and checks the bytes that it reads.</summary>
/// <param name="id">The number of the connection, which determines the bytes of the stream.</param>
/// <param name="replies">The number that determines the bytes that the peer reads.</param>
/// <param name="socket">The socket, owned by this object.</param>
internal sealed class SimulatedPeer(int id, int replies, Socket socket) : IDisposable
{
    private readonly byte[] _read = new byte[8192];

    /// <summary>Gets the number of bytes that the peer has sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Gets the number of bytes that the peer has read.</summary>
    public long Received { get; private set; }

    public bool HasFinished { get; private set; }

    public bool HasClosed { get; private set; }

    public void Send(int length)
    {
        int sent = socket.Send(Payload.At(id, Sent, length), SocketFlags.None, out SocketError error);
        if (error == SocketError.Success)
        {
            Sent += sent;
        }
    }

    /// <summary>Reads all bytes that were sent to the peer.</summary>
    /// <returns>True if the peer has read any bytes.</returns>
    public bool Read()
    {
        long before = Received;
        while (!HasClosed && socket.Receive(_read, SocketFlags.None, out SocketError error) is var count && error == SocketError.Success && count > 0)
        {
            if (!Payload.Matches(_read.AsSpan(0, count), replies, Received))
            {
                throw new SimulationException($"the peer of connection {id} has read wrong bytes at position {Received}");
            }

            Received += count;
        }

        return Received != before;
    }

    public void Finish()
    {
        HasFinished = true;
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The application's side has closed the connection.
        }
    }

    public void Dispose()
    {
        HasClosed = true;
        socket.Dispose();
    }
}
