using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Represents a lock on a file (flock(2)). Only this user can open the file, so that no other user can take the lock.</summary>
/// <remarks>The lock ends when it is disposed, or with the process. The file stays.</remarks>
internal sealed partial class FileLock : IDisposable
{
    // The flags O_RDWR, O_CREAT, O_NONBLOCK and O_CLOEXEC. With O_NONBLOCK, opening a FIFO does not block.
    private const int ReadWriteCreate = 0x2 | 0x40 | 0x800 | 0x80000;
    private const int OwnerOnly = 0x180;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    // With O_NOFOLLOW, open does not follow a link that another user has made. The value of the flag differs between architectures.
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    private int _fd;

    private FileLock(int fd) => _fd = fd;

    /// <summary>Takes the lock if no other process has it.</summary>
    /// <param name="path">The path of the file. If it is missing, it is created for this user only.</param>
    /// <param name="taken">The lock; null on failure.</param>
    /// <returns>
    /// Zero, or a negative errno. It is −EAGAIN when another process has the lock, and −EPERM when another user owns the file.
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
