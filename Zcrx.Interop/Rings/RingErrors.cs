using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Rings;

/// <summary>Creates the exception for a ring that could not be set up. Pure.</summary>
internal static class RingErrors
{
    private const string Operation = "Setting up an io_uring ring";

    private const string BusyPolling = "Setting up busy polling of an io_uring ring";

    /// <summary>Creates the exception for a failed <c>IORING_REGISTER_NAPI</c>.</summary>
    /// <param name="errno">The errno, of either sign. Unknown numbers are accepted.</param>
    /// <param name="host">The permissions of this process.</param>
    public static ZcrxException ExplainBusyPolling(int errno, HostFacts host) => ErrnoText.Positive(errno) switch
    {
        Errno.EINVAL or Errno.EOPNOTSUPP => new ZcrxUnsupportedException(
            BusyPolling,
            ErrnoText.Positive(errno),
            $"Linux {host.KernelRelease} cannot poll NICs for io_uring. Busy polling needs Linux 6.9 or newer, built with CONFIG_NET_RX_BUSY_POLL",
            "Use such a kernel, or turn busy polling off"),
        _ => CommonErrors.Other(BusyPolling, ErrnoText.Positive(errno)),
    };

    /// <summary>Creates the exception for a failed <c>io_uring_setup</c>.</summary>
    /// <inheritdoc cref="ExplainBusyPolling"/>
    public static ZcrxException ExplainSetup(int errno, HostFacts host) => ExplainPositive(ErrnoText.Positive(errno), host);

    private static ZcrxException ExplainPositive(int errno, HostFacts host) => errno switch
    {
        Errno.EPERM or Errno.EACCES =>
            CommonErrors.RingForbidden(Operation, errno, host) ?? CommonErrors.Filtered(Operation, errno, host),
        Errno.ENOSYS when host.SeccompFilter => CommonErrors.Filtered(Operation, errno, host),
        Errno.EINVAL => new ZcrxUnsupportedException(
            Operation,
            errno,
            $"Linux {host.KernelRelease} does not support one of the ring's flags (CQE32, SINGLE_ISSUER, DEFER_TASKRUN and NO_SQARRAY are needed), or the ring is larger than it allows",
            "Use Linux 6.6 or newer, and a ring of at most 32768 submission and 65536 completion entries"),
        Errno.ENOMEM => CommonErrors.NoMemory(Operation, errno, "the ring", bytes: 0, host),
        Errno.EFAULT => new ZcrxMemoryException(Operation, errno, "the ring's parameters are not in writable memory", CommonErrors.ReportIt),
        _ => CommonErrors.Other(Operation, errno),
    };
}
