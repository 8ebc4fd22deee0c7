using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>Duplicates sockets of the application, so that this library owns the descriptors that it uses.</summary>
/// <remarks>
/// A request to the kernel names a socket by its descriptor. If the application closed its socket, the kernel could reuse the number for
/// another file. A descriptor that this library owns stays open until the last request has ended.
/// </remarks>
internal static class SocketOwnership
{
    /// <summary>Duplicates the descriptor of a socket.</summary>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    /// <exception cref="ZcrxException">The process has no free descriptor.</exception>
    public static Socket Duplicate(Socket socket)
    {
        bool isHeld = false;
        SafeSocketHandle handle = socket.SafeHandle;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            int fd = Libc.Duplicate((int)handle.DangerousGetHandle());
            return fd < 0
                ? throw new ZcrxException("Duplicating a socket", -fd, "the process has no descriptor left", "Raise the limit on open files (LimitNOFILE)")
                : new Socket(new SafeSocketHandle(fd, ownsHandle: true));
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Throws if a socket cannot be used for zero-copy receive.</summary>
    /// <exception cref="ArgumentException">The socket is not a TCP socket.</exception>
    public static void ThrowIfNotTcp(Socket socket, string parameter)
    {
        if (socket.SocketType != SocketType.Stream || socket.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            throw new ArgumentException($"A TCP socket is needed, and this one is {socket.AddressFamily}, {socket.SocketType}.", parameter);
        }
    }
}
