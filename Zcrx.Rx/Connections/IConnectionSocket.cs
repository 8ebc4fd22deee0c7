using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Represents the socket of a connection. Its members do not throw when the socket is closed or the peer has disconnected.
/// </summary>
internal interface IConnectionSocket
{
    /// <summary>Gets the peer's address; null when the peer had already disconnected. IPv4 addresses are not mapped to IPv6.</summary>
    IPEndPoint? RemoteEndPoint { get; }

    /// <summary>Gets the descriptor, for requests. Valid until the socket is closed.</summary>
    int Descriptor { get; }

    /// <summary>Gets the number of bytes that wait to be received (SIOCINQ).</summary>
    int BytesWaiting { get; }

    /// <summary>Gets a value indicating whether bytes, the end of the stream or an error can be received.</summary>
    bool HasSomething { get; }

    /// <summary>Gets the number of bytes that were sent and that the peer has not acknowledged (SIOCOUTQ).</summary>
    int BytesUnacknowledged { get; }

    /// <summary>Gets a value indicating whether the connection no longer exists (TCP_CLOSE). False for sockets other than TCP.</summary>
    bool IsDisconnected { get; }

    /// <summary>
    /// Discards the bytes that wait in the socket: about a megabyte at most, so that a fast peer cannot keep the caller busy forever.
    /// </summary>
    /// <param name="hasEnded">Whether the peer has ended its side.</param>
    /// <returns>The number of bytes; −1 when the connection is broken.</returns>
    long Discard(out bool hasEnded);

    /// <summary>Returns the pending error of the socket and clears it, as a receive does.</summary>
    /// <returns>The errno; 0 for none.</returns>
    int TakeError();

    /// <summary>Sends as much as the socket has room for.</summary>
    /// <returns>The number of bytes.</returns>
    int Send(ReadOnlySpan<byte> bytes, out SocketError error);

    /// <summary>Sends as many bytes as the socket has room for, from several pieces of memory in one call.</summary>
    /// <returns>The number of bytes.</returns>
    int Send(in ReadOnlySequence<byte> bytes, out SocketError error);

    /// <summary>Sends as many bytes as the socket has room for, from memory that the caller keeps valid during the call.</summary>
    /// <returns>The number of bytes.</returns>
    int Send(ReadOnlySpan<IoVector> pieces, out SocketError error);

    /// <summary>Shuts sending down, so that the peer reads the end of the stream.</summary>
    void ShutdownSend();

    /// <summary>Closes the socket.</summary>
    /// <param name="abort">Whether the peer gets a reset.</param>
    void Close(bool abort);

    /// <summary>Resets the connection, without closing the socket. Thread-safe.</summary>
    void Disconnect();

    /// <summary>Makes the socket blocking again, for its next owner.</summary>
    void Release();
}
