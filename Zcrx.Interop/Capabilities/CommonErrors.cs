using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Capabilities;

/// <summary>Creates the exceptions for failures that several operations have in common. Pure.</summary>
internal static class CommonErrors
{
    public const string ReportIt =
        "This is a defect of this library: report it, with the text of ZcrxCapabilities.Describe()";

    public const string GrantNetAdmin =
        "Run as root, or grant it: `setcap cap_net_admin+ep` on the program, AmbientCapabilities=CAP_NET_ADMIN in a systemd unit, --cap-add NET_ADMIN for a container";

    private const string AllowIoUring =
        "Allow io_uring in the seccomp profile of the container (or run it with --security-opt seccomp=unconfined)";

    /// <summary>Creates the exception for an operation that could not allocate memory for a ring or a registration.</summary>
    /// <param name="operation">The failed operation, with which the error message starts.</param>
    /// <param name="errno">ENOMEM, positive.</param>
    /// <param name="what">What needs the memory, such as <c>the area</c>.</param>
    /// <param name="bytes">The number of bytes; 0 when unknown.</param>
    /// <param name="host">The permissions of this process.</param>
    public static ZcrxMemoryException NoMemory(string operation, int errno, string what, ulong bytes, HostFacts host)
    {
        // Other locked memory of the user counts against the limit, too. A limit of up to twice the area's size may therefore be the cause.
        if (bytes > 0 && host.EffectiveLockedMemoryLimit is { } limit && limit / 2 < bytes)
        {
            return new ZcrxMemoryException(
                operation,
                errno,
                FormattableString.Invariant($"{what} needs {bytes} bytes of locked memory, and this process may lock {limit} (RLIMIT_MEMLOCK)"),
                "Raise the limit (`ulimit -l`, LimitMEMLOCK= in a systemd unit), grant CAP_IPC_LOCK, or choose a smaller area");
        }

        return new ZcrxMemoryException(
            operation,
            errno,
            bytes > 0
                ? FormattableString.Invariant($"the kernel could not allocate {bytes} bytes for {what}")
                : $"the kernel could not allocate memory for {what}",
            "Free memory, choose a smaller area or fewer entries, or raise the memory limit of the control group");
    }

    /// <summary>
    /// Creates the exception for a refusal that no known permission of this process explains. The likely cause is a seccomp filter or a
    /// security module.
    /// </summary>
    public static ZcrxNotPermittedException Filtered(string operation, int errno, HostFacts host) => host.SeccompFilter
        ? new ZcrxNotPermittedException(operation, errno, "a seccomp filter is active and forbids io_uring, as container runtimes do by default", AllowIoUring)
        : new ZcrxNotPermittedException(operation, errno, "a security module forbids it, or the permissions changed since they were read", "See the audit log (`ausearch -m avc`, `dmesg`) for its name");

    /// <summary>Creates the exception for a process that may not use rings. Returns null when no known permission forbids it.</summary>
    public static ZcrxNotPermittedException? RingForbidden(string operation, int errno, HostFacts host) => host.WhyNoRing() is { } reason
        ? new ZcrxNotPermittedException(
            operation,
            errno,
            reason,
            host.IoUringAccess == IoUringAccess.Nobody
                ? "Allow it with `sysctl kernel.io_uring_disabled=0`"
                : "Allow it with `sysctl kernel.io_uring_disabled=0`, or add the user to that group")
        : null;

    /// <summary>Creates the exception for an errno that has the same cause in every operation, or that is unexpected.</summary>
    public static ZcrxException Other(string operation, int errno) => errno switch
    {
        Errno.ENOSYS => new ZcrxUnsupportedException(
            operation,
            errno,
            "the system call does not exist here: the kernel was built without io_uring, or a seccomp filter hides it",
            "Use a kernel with CONFIG_IO_URING and allow io_uring in the seccomp profile"),
        Errno.EMFILE => new ZcrxException(
            operation, errno, "this process has reached its limit on open files", "Raise the limit (`ulimit -n`, LimitNOFILE= in a systemd unit)"),
        Errno.ENFILE => new ZcrxException(
            operation, errno, "the machine has reached its limit on open files", "Raise the sysctl fs.file-max"),
        Errno.EBADF => new ZcrxException(
            operation, errno, "the ring's descriptor is closed", ReportIt),
        Errno.EINTR or Errno.EAGAIN => new ZcrxException(
            operation, errno, ErrnoText.Describe(errno), "Try again"),
        0 => new ZcrxException(operation, errno, "no reason was given", ReportIt),
        _ => new ZcrxException(operation, errno, $"the kernel returned: {ErrnoText.Describe(errno)}", ReportIt),
    };

    /// <summary>Creates the exception for a ring that was used on a thread that does not own it.</summary>
    public static ZcrxException WrongThread(string operation, int errno) => new(
        operation, errno, "the calling thread does not own the ring", ReportIt);
}
