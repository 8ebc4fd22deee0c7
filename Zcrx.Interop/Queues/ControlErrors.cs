using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Queues;

/// <summary>Creates the exception for a failed <c>IORING_REGISTER_ZCRX_CTRL</c>. Pure.</summary>
internal static class ControlErrors
{
    /// <param name="op">The control operation, as one of <c>ZCRX_CTRL_*</c>.</param>
    /// <param name="errno">The errno, of either sign. Unknown numbers are accepted.</param>
    public static ZcrxException Explain(uint op, int errno)
    {
        errno = ErrnoText.Positive(errno);
        string operation = Name(op);
        return errno switch
        {
            Errno.ENXIO => new ZcrxDeviceException(
                operation, errno, "the ring has no such queue: it was not registered here, or was closed", "Register or import the queue again"),
            Errno.EOPNOTSUPP => new ZcrxUnsupportedException(
                operation, errno, Missing(op), "Check ZcrxCapabilities first, and do not use the operation"),
            Errno.EPERM or Errno.EACCES => new ZcrxNotPermittedException(
                operation, errno, "a seccomp filter or a security module forbids it", "See the audit log for its name"),
            Errno.EEXIST => CommonErrors.WrongThread(operation, errno),
            Errno.ENOMEM => new ZcrxMemoryException(
                operation,
                errno,
                op == LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA
                    ? "the kernel could not allocate or lock memory for the area"
                    : "the kernel could not allocate memory for the operation",
                "Free memory, choose a smaller area, or raise the limit on locked memory (`ulimit -l`, LimitMEMLOCK= in a systemd unit)"),
            Errno.EINVAL => Invalid(op, operation, errno),
            Errno.EFAULT => Fault(op, operation, errno),
            Errno.ERANGE when op == LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA => new ZcrxMemoryException(
                operation, errno, "the area is not contiguous enough for the queue's buffers", "Put it on huge pages, as the queue's first area is"),
            _ => CommonErrors.Other(operation, errno),
        };
    }

    private static string Name(uint op) => op switch
    {
        LinuxIoUringZcrx.ZCRX_CTRL_FLUSH_RQ => "Flushing the refill ring",
        LinuxIoUringZcrx.ZCRX_CTRL_EXPORT => "Exporting the queue",
        LinuxIoUringZcrx.ZCRX_CTRL_ARM_EVENT => "Arming a notification",
        LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA => "Adding an area to the queue",
        _ => FormattableString.Invariant($"Control operation {op}"),
    };

    private static string Missing(uint op) => op switch
    {
        LinuxIoUringZcrx.ZCRX_CTRL_FLUSH_RQ => CapabilityText.Needs(ZcrxFeature.Flush),
        LinuxIoUringZcrx.ZCRX_CTRL_EXPORT => CapabilityText.Needs(ZcrxFeature.Export),
        LinuxIoUringZcrx.ZCRX_CTRL_ARM_EVENT => CapabilityText.Needs(ZcrxFeature.Notifications),
        LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA => CapabilityText.Needs(ZcrxFeature.AddArea),
        _ => "the kernel does not support it",
    };

    private static ZcrxException Invalid(uint op, string operation, int errno) => op switch
    {
        LinuxIoUringZcrx.ZCRX_CTRL_ARM_EVENT => new ZcrxException(
            operation, errno, "that notification has not fired since it was armed, or there is no such type", "Treat it as armed"),
        LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA => new ZcrxException(
            operation,
            errno,
            "the area is not a whole number of pages, is of another kind of memory than the first one, or the queue has 1024 areas already",
            "Add memory of the same kind, page by page, or register another queue"),
        // Flush and export have no parameter that could be invalid. EINVAL thus means a kernel before 6.19, which does not know this
        // register call.
        LinuxIoUringZcrx.ZCRX_CTRL_FLUSH_RQ or LinuxIoUringZcrx.ZCRX_CTRL_EXPORT => new ZcrxUnsupportedException(
            operation, errno, Missing(op), "Check ZcrxCapabilities first, and do not use the operation"),
        _ => new ZcrxException(operation, errno, "the kernel refused a parameter", CommonErrors.ReportIt),
    };

    private static ZcrxMemoryException Fault(uint op, string operation, int errno) => op == LinuxIoUringZcrx.ZCRX_CTRL_ADD_AREA
        ? new ZcrxMemoryException(
            operation, errno, "the area is not mapped or not writable, or the queue's interface is gone", "Keep the memory mapped and writable, and check `ip link`")
        : new ZcrxMemoryException(operation, errno, "the parameters are not in writable memory, or a reserved field is not zero", CommonErrors.ReportIt);
}
