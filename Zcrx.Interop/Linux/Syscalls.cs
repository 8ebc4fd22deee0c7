using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Linux;

/// <summary>Makes the three io_uring system calls. Each method returns the kernel's result, which is a negative errno on failure.</summary>
/// <remarks>
/// C libraries have no wrappers for these calls, so this class calls <c>syscall(2)</c>. That function reads every argument as a
/// <c>long</c>, so all arguments are passed in full registers. The call numbers are the same on all architectures, because Linux 5.1 added
/// the calls. Older calls have different numbers.
/// </remarks>
internal static unsafe partial class Syscalls
{
    private const nint IoUringSetupNumber = 425;
    private const nint IoUringEnterNumber = 426;
    private const nint IoUringRegisterNumber = 427;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    /// <summary>Creates a ring (io_uring_setup(2)). Returns its descriptor, which is close-on-exec, or a negative errno.</summary>
    public static int IoUringSetup(uint entries, void* parameters) =>
        (int)Libc.Result(syscall(IoUringSetupNumber, (nint)entries, (nint)parameters, 0, 0, 0, 0));

    /// <summary>Enters a ring (io_uring_enter(2)). Returns the number of entries consumed or a negative errno.</summary>
    public static int IoUringEnter(int fd, uint toSubmit, uint minComplete, uint flags, void* argument, nuint argumentSize) =>
        (int)Libc.Result(syscall(IoUringEnterNumber, fd, (nint)toSubmit, (nint)minComplete, (nint)flags, (nint)argument, (nint)argumentSize));

    /// <summary>Registers resources (io_uring_register(2)). Returns zero or more, or a negative errno.</summary>
    public static int IoUringRegister(int fd, uint opcode, void* argument, uint argumentCount) =>
        (int)Libc.Result(syscall(IoUringRegisterNumber, fd, (nint)opcode, (nint)argument, (nint)argumentCount, 0, 0));
}
