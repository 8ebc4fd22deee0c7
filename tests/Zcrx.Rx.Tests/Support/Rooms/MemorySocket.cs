using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Represents a socket without a kernel. A test sets its unread bytes and its state.</summary>
internal sealed class MemorySocket(int descriptor) : IConnectionSocket
{
    public IPEndPoint? RemoteEndPoint => null;

    public int Descriptor => descriptor;

    public int BytesWaiting { get; set; }

    public bool HasSomething => BytesWaiting > 0;

    /// <summary>Gets or sets a callback that runs when the socket is closed.</summary>
    public Action? Closing { get; set; }

    public bool IsClosed { get; private set; }

    public bool WasReset { get; private set; }

    /// <summary>Gets or sets a value indicating whether the peer has shut down its sending side.</summary>
    public bool HasPeerEnded { get; set; }

    public int BytesUnacknowledged { get; set; }

    public bool IsDisconnected { get; set; }

    /// <summary>Gets or sets an action and an error. Each send runs the action and then fails with the error.</summary>
    public (Action Sending, SocketError Error)? Failing { get; set; }

    public bool WasShutDown { get; private set; }

    public long Discard(out bool hasEnded)
    {
        hasEnded = HasPeerEnded;
        (int waiting, BytesWaiting) = (BytesWaiting, 0);
        return waiting;
    }

    /// <summary>Gets or sets the errno that the socket has to report (SO_ERROR).</summary>
    public int PendingError { get; set; }

    public int TakeError()
    {
        (int error, PendingError) = (PendingError, 0);
        return error;
    }

    public int Send(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        Failing?.Sending();
        if (Failing is { Error: not SocketError.Success and var failure })
        {
            error = failure;
            return 0;
        }

        return Accept(bytes.Length, out error);
    }

    /// <summary>Gets or sets the number of bytes for which the socket has room. Null means any number.</summary>
    public int? Room { get; set; }

    /// <summary>Gets the number of bytes that the socket has accepted.</summary>
    public long Accepted { get; private set; }

    public int Send(in ReadOnlySequence<byte> bytes, out SocketError error) => Accept(bytes.Length, out error);

    private int Accept(long length, out SocketError error)
    {
        int sent = (int)long.Min(length, Room ?? length);
        Room -= sent;
        Accepted += sent;
        error = sent == 0 && length > 0 ? SocketError.WouldBlock : SocketError.Success;
        return sent;
    }

    public int Send(ReadOnlySpan<IoVector> pieces, out SocketError error)
    {
        error = SocketError.Success;
        int length = 0;
        foreach (IoVector piece in pieces)
        {
            length += (int)piece.Length;
        }

        return length;
    }

    public void ShutdownSend() => WasShutDown = true;

    public void Close(bool abort)
    {
        Closing?.Invoke();
        (IsClosed, WasReset) = (true, abort);
    }

    public void Disconnect() => WasReset = true;

    public void Release() => IsClosed = true;
}
