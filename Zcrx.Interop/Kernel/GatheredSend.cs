using System.Buffers;
using System.Net.Sockets;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Kernel;

/// <summary>Sends the pieces of a sequence in one system call.</summary>
internal static unsafe class GatheredSend
{
    // The kernel accepts 1024 pieces. A send buffer seldom has space for that many, so one call passes fewer.
    private const int MaxPieces = 64;

    /// <summary>Sends as many bytes as fit into the send buffer of the socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">The bytes, at least one.</param>
    /// <param name="error">The error; <see cref="SocketError.WouldBlock"/> when the send buffer is full.</param>
    /// <returns>The number of bytes that were sent.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int Send(SafeSocketHandle socket, in ReadOnlySequence<byte> bytes, out SocketError error)
    {
        IoVector* pieces = stackalloc IoVector[MaxPieces];
        MemoryHandle[] pins = ArrayPool<MemoryHandle>.Shared.Rent(MaxPieces);
        int count = 0;
        try
        {
            foreach (ReadOnlyMemory<byte> piece in bytes)
            {
                if (count == MaxPieces)
                {
                    break;
                }

                if (!piece.IsEmpty)
                {
                    pins[count] = piece.Pin();
                    pieces[count] = new IoVector { Base = (nint)pins[count].Pointer, Length = (nuint)piece.Length };
                    count++;
                }
            }

            return Send(socket, new ReadOnlySpan<IoVector>(pieces, count), out error);
        }
        finally
        {
            for (int i = 0; i < count; i++)
            {
                pins[i].Dispose();
            }

            ArrayPool<MemoryHandle>.Shared.Return(pins, clearArray: true);
        }
    }

    /// <summary>Sends as many bytes as fit into the send buffer of the socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="pieces">The pieces of memory to send. The caller must keep them valid until the call returns.</param>
    /// <param name="error">The error; <see cref="SocketError.WouldBlock"/> when the send buffer is full.</param>
    /// <returns>The number of bytes that were sent.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int Send(SafeSocketHandle socket, ReadOnlySpan<IoVector> pieces, out SocketError error)
    {
        bool isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            nint sent;
            fixed (IoVector* first = pieces)
            {
                sent = Libc.Send((int)socket.DangerousGetHandle(), first, pieces.Length);
            }

            error = sent >= 0 ? SocketError.Success : ErrorOf((int)-sent);
            return (int)nint.Max(0, sent);
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    /// <summary>Converts the errno of a failed send to a <see cref="SocketError"/>.</summary>
    public static SocketError ErrorOf(int errno) => errno switch
    {
        Errno.EAGAIN or Errno.EINTR => SocketError.WouldBlock,
        Errno.EPIPE => SocketError.Shutdown,
        Errno.ECONNRESET => SocketError.ConnectionReset,
        Errno.ENOTCONN => SocketError.NotConnected,
        Errno.ETIMEDOUT => SocketError.TimedOut,
        Errno.EHOSTUNREACH => SocketError.HostUnreachable,
        Errno.ENETUNREACH => SocketError.NetworkUnreachable,
        Errno.ENOBUFS => SocketError.NoBufferSpaceAvailable,
        _ => SocketError.SocketError,
    };
}
