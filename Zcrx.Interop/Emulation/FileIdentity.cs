using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Emulation;

/// <summary>Identifies an open file. The kernel compares requests by file, and the emulation by this identity.</summary>
/// <param name="Cookie">The kernel's unique number of a socket; 0 for other files.</param>
/// <param name="Descriptor">The caller's descriptor of a file other than a socket; −1 for a socket.</param>
internal readonly record struct FileIdentity(ulong Cookie, int Descriptor)
{
    /// <summary>Gets the identity that stands for no file.</summary>
    public static FileIdentity None { get; } = new(0, -1);

    /// <param name="fd">The caller's descriptor or a duplicate of it.</param>
    /// <param name="callerFd">The caller's descriptor, which identifies files other than sockets.</param>
    /// <returns>The identity, or <see cref="None"/> when the descriptor is not open.</returns>
    public static FileIdentity Of(int fd, int callerFd)
    {
        int result = SocketCalls.Cookie(fd, out ulong cookie);
        return result switch
        {
            -EBADF => None,
            < 0 => new FileIdentity(0, callerFd),
            _ => new FileIdentity(cookie, -1),
        };
    }
}
