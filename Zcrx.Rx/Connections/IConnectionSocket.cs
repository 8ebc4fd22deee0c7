using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>Represents the socket of a connection. Members do not throw if the socket is closed or the peer has disconnected.</summary>
internal interface IConnectionSocket
{
    /// <summary>
    /// Gets the address of the peer; null when the peer disconnected before the address could be read. An IPv4-mapped address is returned
    /// as an IPv4 address.
    /// </summary>
    IPEndPoint? RemoteEndPoint { get; }

    /// <summary>Gets the descriptor for requests to the kernel. Valid until the socket is closed.</summary>
    int Descriptor { get; }

    /// <summary>Gets the number of unread bytes in the socket (SIOCINQ).</summary>
    int BytesWaiting { get; }

    /// <summary>Gets a value indicating whether a receive would return at once, with bytes, the end of the stream or an error.</summary>
    bool HasSomething { get; }

    /// <summary>Gets the number of sent bytes that the peer has not acknowledged (SIOCOUTQ).</summary>
    int BytesUnacknowledged { get; }

    /// <summary>
    /// Gets a value indicating whether the TCP connection no longer exists (TCP_CLOSE). Always false for a socket that is not TCP.
    /// </summary>
    bool IsDisconnected { get; }

    /// <summary>Discards unread bytes in the socket, up to about a megabyte, so that a fast peer cannot block the caller.</summary>
    /// <param name="hasEnded">True if the peer has ended its side.</param>
    /// <returns>The number of discarded bytes; −1 when the connection is broken.</returns>
    long Discard(out bool hasEnded);

    /// <summary>Returns the pending error of the socket and clears it, as a receive would.</summary>
    /// <returns>The errno; 0 for no error.</returns>
    int TakeError();

    /// <summary>Sends as many bytes as the socket has room for, without waiting.</summary>
    /// <returns>The number of bytes that were sent.</returns>
    int Send(ReadOnlySpan<byte> bytes, out SocketError error);

    /// <summary>Sends as many bytes of several pieces as the socket has room for, with one call and without waiting.</summary>
    /// <returns>The number of bytes that were sent.</returns>
    int Send(in ReadOnlySequence<byte> bytes, out SocketError error);

    /// <summary>
    /// Sends as many bytes as the socket has room for, without waiting. The caller must keep the memory valid during the call.
    /// </summary>
    /// <returns>The number of bytes that were sent.</returns>
    int Send(ReadOnlySpan<IoVector> pieces, out SocketError error);

    /// <summary>Shuts down sending, so that the peer reads the end of the stream.</summary>
    void ShutdownSend();

    /// <summary>Closes the socket.</summary>
    /// <param name="abort">True to send a reset to the peer.</param>
    void Close(bool abort);

    /// <summary>Resets the connection but leaves the socket open. Thread-safe.</summary>
    void Disconnect();

    /// <summary>Makes the socket blocking again, as its next owner expects.</summary>
    void Release();
}
