using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Queues;

/// <summary>Creates the exception for an exported queue that could not be imported. Pure.</summary>
internal static class ImportErrors
{
    private const string Operation = "Importing an exported queue";

    /// <param name="errno">The errno, of either sign. Unknown numbers are accepted.</param>
    /// <param name="capabilities">The capabilities of the kernel.</param>
    /// <param name="host">The permissions of this process.</param>
    public static ZcrxException Explain(int errno, ZcrxCapabilities capabilities, HostFacts host) => ExplainPositive(ErrnoText.Positive(errno), capabilities, host);

    private static ZcrxException ExplainPositive(int errno, ZcrxCapabilities capabilities, HostFacts host) => errno switch
    {
        Errno.EPERM or Errno.EACCES => NotPermitted(errno, host),
        // A kernel that does not know the import flag treats the import as an incomplete registration. Its errno depends on the missing
        // part that it checks first.
        Errno.EINVAL or Errno.EFAULT or Errno.EOPNOTSUPP when capabilities.WhyNot(ZcrxFeature.Import) is { } reason =>
            new ZcrxUnsupportedException(Operation, errno, reason, "Use Linux 6.19 or newer, or register a separate queue"),
        Errno.EBADF => new ZcrxException(
            Operation, errno, "the descriptor is closed, or is no exported queue", "Pass the descriptor that exporting the queue returned, and keep it open until the import has ended"),
        Errno.EEXIST => CommonErrors.WrongThread(Operation, errno),
        Errno.ENOMEM => CommonErrors.NoMemory(Operation, errno, "the imported queue", bytes: 0, host),
        Errno.EINVAL => new ZcrxException(
            Operation, errno, "the ring lacks DEFER_TASKRUN or CQE32, or a field was set that an import must leave zero", CommonErrors.ReportIt),
        Errno.EFAULT => new ZcrxMemoryException(Operation, errno, "the parameters are not in writable memory", CommonErrors.ReportIt),
        Errno.EOPNOTSUPP => new ZcrxUnsupportedException(
            Operation, errno, "the kernel was built without CONFIG_IO_URING_ZCRX", "Use a kernel with this option"),
        _ => CommonErrors.Other(Operation, errno),
    };

    private static ZcrxNotPermittedException NotPermitted(int errno, HostFacts host)
    {
        if (CommonErrors.RingForbidden(Operation, errno, host) is { } forbidden)
        {
            return forbidden;
        }

        return host.WhyNoRegistration() is { } reason
            ? new ZcrxNotPermittedException(Operation, errno, reason, CommonErrors.GrantNetAdmin)
            : CommonErrors.Filtered(Operation, errno, host);
    }
}
