using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Capabilities;

/// <summary>Explains failures that several operations have in common, from what this process may do. Pure.</summary>
internal static class CommonErrors
{
    public const string ReportIt =
        "Nothing in this library should ask for that: report it, with the text of ZcrxCapabilities.Describe()";

    public const string GrantNetAdmin =
        "Run as root, or grant it: `setcap cap_net_admin+ep` on the program, AmbientCapabilities=CAP_NET_ADMIN in a systemd unit, --cap-add NET_ADMIN for a container";

    private const string AllowIoUring =
        "Allow io_uring in the seccomp profile of the container (or run it with --security-opt seccomp=unconfined)";

    /// <summary>Memory that a ring or a registration could not get.</summary>
    /// <param name="operation">The start of the sentence.</param>
    /// <param name="errno">ENOMEM, positive.</param>
    /// <param name="what">What the memory is for, for the middle of a sentence.</param>
    /// <param name="bytes">How much, when known; else 0.</param>
    /// <param name="host">Knows the limit.</param>
    public static ZcrxMemoryException NoMemory(string operation, int errno, string what, ulong bytes, HostFacts host)
    {
        // The area is not the only memory that counts, so a limit just above it may still be the cause.
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
                ? FormattableString.Invariant($"the kernel could not get the memory for {what} ({bytes} bytes)")
                : $"the kernel could not get the memory for {what}",
            "Free memory, choose a smaller area or fewer entries, or raise the memory limit of the control group");
    }

    /// <summary>Permission that is missing and that no fact explains: a filter or a security module.</summary>
    public static ZcrxNotPermittedException Filtered(string operation, int errno, HostFacts host) => host.SeccompFilter
        ? new ZcrxNotPermittedException(operation, errno, "a seccomp filter is active and forbids io_uring, as container runtimes do by default", AllowIoUring)
        : new ZcrxNotPermittedException(operation, errno, "a security module forbids it, or the permissions changed since they were read", "Ask the audit log (`ausearch -m avc`, `dmesg`) which one");

    /// <summary>Why this process may not use rings at all, when a fact says so.</summary>
    public static ZcrxNotPermittedException? RingForbidden(string operation, int errno, HostFacts host) => host.WhyNoRing() is { } reason
        ? new ZcrxNotPermittedException(
            operation,
            errno,
            reason,
            host.IoUringAccess == IoUringAccess.Nobody
                ? "Allow it with `sysctl kernel.io_uring_disabled=0`"
                : "Allow it with `sysctl kernel.io_uring_disabled=0`, or add the user to that group")
        : null;

    /// <summary>What no operation expects: the errno's own words.</summary>
    public static ZcrxException Other(string operation, int errno) => errno switch
    {
        Errno.ENOSYS => new ZcrxUnsupportedException(
            operation,
            errno,
            "the system call does not exist here: the kernel was built without io_uring, or a seccomp filter hides it",
            "Use a kernel with CONFIG_IO_URING and allow io_uring in the seccomp profile"),
        Errno.EMFILE => new ZcrxException(
            operation, errno, "this process has as many open files as it may have", "Raise the limit (`ulimit -n`, LimitNOFILE= in a systemd unit)"),
        Errno.ENFILE => new ZcrxException(
            operation, errno, "the machine has as many open files as it may have", "Raise the sysctl fs.file-max"),
        Errno.EBADF => new ZcrxException(
            operation, errno, "the ring's descriptor is not open any more", ReportIt),
        Errno.EINTR or Errno.EAGAIN => new ZcrxException(
            operation, errno, ErrnoText.Describe(errno), "Try again"),
        0 => new ZcrxException(operation, errno, "no reason was given", ReportIt),
        _ => new ZcrxException(operation, errno, $"the kernel says: {ErrnoText.Describe(errno)}", ReportIt),
    };

    /// <summary>A ring belongs to the thread that set it up.</summary>
    public static ZcrxException WrongThread(string operation, int errno) => new(
        operation, errno, "it was called on another thread than the one that owns the ring", ReportIt);
}
