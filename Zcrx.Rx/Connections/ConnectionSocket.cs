using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>Represents the TCP socket of a connection.</summary>
internal sealed class ConnectionSocket : IConnectionSocket
{
    private readonly Socket _socket;

    /// <param name="socket">The socket. The connection owns it from now on.</param>
    /// <exception cref="SocketException">The peer has disconnected.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public ConnectionSocket(Socket socket)
    {
        // Must come first. If the socket is closed, this call throws and the calls below do not.
        socket.Blocking = false;
        _socket = socket;
        RemoteEndPoint = Unmap(TryGet(static socket => socket.RemoteEndPoint));
        LocalEndPoint = Unmap(TryGet(static socket => socket.LocalEndPoint));
    }

    public Socket Socket => _socket;

    public IPEndPoint? RemoteEndPoint { get; }

    public IPEndPoint? LocalEndPoint { get; }

    public bool NoDelay
    {
        get
        {
            try
            {
                return _socket.NoDelay;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }

        set
        {
            try
            {
                _socket.NoDelay = value;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The connection has already ended, so the option has no effect.
            }
        }
    }

    public int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    public int BytesWaiting
    {
        get
        {
            try
            {
                return _socket.Available;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return 0;
            }
        }
    }

    public bool HasSomething
    {
        get
        {
            try
            {
                return _socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    // The next two members take no lock. Only the ring thread calls them, and only the ring thread closes the socket. If the queue was
    // abandoned, another thread closes the socket after the ring thread has left its last callback.
    public int BytesUnacknowledged => _socket.SafeHandle.IsClosed ? 0 : Libc.BytesUnacknowledged(Descriptor);

    public bool IsDisconnected
    {
        get
        {
            // The state is the first byte of struct tcp_info.
            const int Tcp = 6;
            const int TcpInfo = 11;
            const byte Closed = 7;
            Span<byte> state = stackalloc byte[1];
            try
            {
                return _socket.GetRawSocketOption(Tcp, TcpInfo, state) == 1 && state[0] == Closed;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    public long Discard(out bool hasEnded)
    {
        const int MostCalls = 64;
        hasEnded = false;
        long discarded = 0;
        for (int i = 0; i < MostCalls; i++)
        {
            nint count = _socket.SafeHandle.IsClosed ? -Errno.EBADF : Libc.Discard(Descriptor);
            if (count <= 0)
            {
                hasEnded = count == 0;
                return count is 0 or -Errno.EAGAIN or -Errno.EINTR ? discarded : -1;
            }

            discarded += count;
        }

        return discarded;
    }

    public int TakeError()
    {
        const int SolSocket = 1;
        const int SoError = 4;
        Span<byte> value = stackalloc byte[sizeof(int)];
        try
        {
            // Reads the raw option, because the .NET property would return a translated error code.
            _ = _socket.GetRawSocketOption(SolSocket, SoError, value);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return Errno.ECONNRESET;
        }

        return BitConverter.ToInt32(value);
    }

    public int Send(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        try
        {
            return _socket.Send(bytes, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    public int Send(in ReadOnlySequence<byte> bytes, out SocketError error)
    {
        try
        {
            return GatheredSend.Send(_socket.SafeHandle, in bytes, out error);
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    public int Send(ReadOnlySpan<IoVector> pieces, out SocketError error)
    {
        try
        {
            return GatheredSend.Send(_socket.SafeHandle, pieces, out error);
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return 0;
        }
    }

    public void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The connection has already ended.
        }
    }

    public void Close(bool abort)
    {
        if (abort)
        {
            try
            {
                _socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The peer has reset the connection, or other code has closed the socket. The socket object must still be disposed.
            }
        }
        else
        {
            // Without a shutdown, Socket.Dispose resets the connection if another thread is inside a call on the socket, such as a send.
            ShutdownSend();
        }

        _socket.Dispose();
    }

    public void Disconnect()
    {
        // Socket.Disconnect is not used. It would shut down the socket, which the peer reads as an orderly end, and would close the
        // descriptor.
        bool isUsed = false;
        try
        {
            _socket.SafeHandle.DangerousAddRef(ref isUsed);
            _ = Libc.Disconnect(Descriptor);
        }
        catch (ObjectDisposedException)
        {
            // The connection has already ended.
        }
        finally
        {
            if (isUsed)
            {
                _socket.SafeHandle.DangerousRelease();
            }
        }
    }

    // The next owner expects a blocking socket, which is what sockets are when they are created or accepted.
    public void Release() => _socket.Blocking = true;

    /// <summary>
    /// Converts an IPv4-mapped IPv6 address to an IPv4 address. A dual-mode socket reports <c>10.0.0.1</c> as <c>::ffff:10.0.0.1</c>, which
    /// differs from the address that the application uses.
    /// </summary>
    private static IPEndPoint? Unmap(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port),
        _ => endPoint as IPEndPoint,
    };

    private EndPoint? TryGet(Func<Socket, EndPoint?> get)
    {
        try
        {
            return get(_socket);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
