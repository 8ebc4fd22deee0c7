using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>Sockets of the application, with a descriptor of our own.</summary>
/// <remarks>
/// Requests name a socket by its descriptor. The number of one that the application closes may be another socket's by the time of the next request.
/// A descriptor that only we close keeps its number until our last request has ended.
/// </remarks>
internal static class SocketOwnership
{
    /// <summary>Opens the socket again under a descriptor of its own.</summary>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    /// <exception cref="ZcrxException">There is no descriptor left.</exception>
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

    /// <summary>Refuses sockets that cannot be received on with zcrx.</summary>
    /// <exception cref="ArgumentException">It is not a TCP socket.</exception>
    public static void ThrowIfNotTcp(Socket socket, string parameter)
    {
        if (socket.SocketType != SocketType.Stream || socket.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            throw new ArgumentException($"A TCP socket is needed, and this one is {socket.AddressFamily}, {socket.SocketType}.", parameter);
        }
    }
}
