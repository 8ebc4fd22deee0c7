using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Locks a dedicated file (flock(2)) that only this user can open, so that no other user can hold the lock.</summary>
/// <remarks>The lock ends with the process at the latest. The file stays.</remarks>
internal sealed partial class FileLock : IDisposable
{
    // O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC. O_NONBLOCK prevents blocking on a FIFO.
    private const int ReadWriteCreate = 0x2 | 0x40 | 0x800 | 0x80000;
    private const int OwnerOnly = 0x180;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    // O_NOFOLLOW prevents following a link that another user has made. Its value differs between architectures.
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    private int _fd;

    private FileLock(int fd) => _fd = fd;

    /// <summary>Takes the lock unless another process has it.</summary>
    /// <param name="path">The path of the file. A missing file is created for this user.</param>
    /// <param name="taken">The lock.</param>
    /// <returns>
    /// Zero and the lock, or a negative errno: −EAGAIN when another process has it, −EPERM when the file belongs to another user.
    /// </returns>
    public static int TryTake(string path, out FileLock? taken)
    {
        taken = null;
        int fd = Libc.Result(open(path, ReadWriteCreate | NoFollow, OwnerOnly));
        if (fd < 0)
        {
            return fd;
        }

        int result = FileStatus.Of(fd, out FileStatus status);
        if (result == 0 && (!status.IsRegular || status.UserId != ProcessUser.Id))
        {
            result = -Errno.EPERM;
        }

        if (result == 0)
        {
            result = Libc.Result(flock(fd, LockExclusive | LockNonBlocking));
        }

        if (result < 0)
        {
            _ = Libc.Close(fd);
            return result == -Errno.EINTR ? -Errno.EAGAIN : result;
        }

        taken = new FileLock(fd);
        return 0;
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.Close(fd);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int flock(int fd, int operation);
}
