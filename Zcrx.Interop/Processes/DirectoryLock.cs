using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Locks a directory (flock(2)) while names in it are read and changed. Leaves no file behind, and ends with the process at the latest.</summary>
internal sealed partial class DirectoryLock : IDisposable
{
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    private int _fd;

    private DirectoryLock(int fd) => _fd = fd;

    /// <summary>Takes the lock unless another process has it.</summary>
    /// <returns>Zero and the lock, or a negative errno: −EAGAIN when another process has it.</returns>
    public static int TryTake(string directory, out DirectoryLock? taken)
    {
        taken = null;
        int fd = Libc.Result(open(directory, ReadOnlyCloseOnExec));
        if (fd < 0)
        {
            return fd;
        }

        int result = Libc.Result(flock(fd, LockExclusive | LockNonBlocking));
        if (result < 0)
        {
            _ = Libc.Close(fd);
            return result == -Errno.EINTR ? -Errno.EAGAIN : result;
        }

        taken = new DirectoryLock(fd);
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
    private static partial int open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int flock(int fd, int operation);
}
