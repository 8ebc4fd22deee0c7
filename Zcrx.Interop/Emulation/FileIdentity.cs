using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Emulation;

/// <summary>Which open file a descriptor stands for, for comparing descriptors as the kernel compares files.</summary>
/// <param name="Cookie">A socket's number that no other socket ever has; 0 for anything else.</param>
/// <param name="Descriptor">The number under which the caller knows what is not a socket; −1 for a socket.</param>
internal readonly record struct FileIdentity(ulong Cookie, int Descriptor)
{
    /// <summary>What no descriptor stands for.</summary>
    public static FileIdentity None { get; } = new(0, -1);

    /// <param name="fd">A descriptor, perhaps a duplicate of the caller's.</param>
    /// <param name="callerFd">The caller's, by which files other than sockets are told apart.</param>
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
