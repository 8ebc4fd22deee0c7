using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Creates the exception for an interface that could not be read or changed. Pure.</summary>
internal static class NetlinkErrors
{
    /// <param name="operation">The failed operation, with which the error message starts.</param>
    /// <param name="interfaceName">The interface, if the operation has one.</param>
    /// <param name="errno">The errno, of either sign.</param>
    /// <param name="text">The kernel's message, if any.</param>
    public static ZcrxException Explain(string operation, string? interfaceName, int errno, string? text)
    {
        errno = ErrnoText.Positive(errno);
        string name = interfaceName ?? "the interface";
        string said = string.IsNullOrWhiteSpace(text) ? "" : $" (the kernel reports: {text.Trim().TrimEnd('.')})";
        return errno switch
        {
            Errno.EPERM or Errno.EACCES => new ZcrxNotPermittedException(
                operation, errno, $"this process does not have the capability CAP_NET_ADMIN{said}", CommonErrors.GrantNetAdmin),
            Errno.ENODEV => new ZcrxDeviceException(
                operation, errno, $"this process's network namespace has no interface {name}{said}", "Check `ip link`; a container sees only its own interfaces"),
            Errno.EOPNOTSUPP => new ZcrxUnsupportedException(
                operation, errno, $"the driver of {name} does not support it{said}", $"Check what it supports with `ethtool -i {name}` and `ethtool -k {name}`"),
            Errno.EBUSY => new ZcrxDeviceException(operation, errno, $"{name} is in use{said}", "Stop the processes that use its queues first"),
            Errno.EINVAL or Errno.ERANGE => new ZcrxDeviceException(
                operation, errno, said.Length > 0 ? $"the driver of {name} refused it{said}" : $"the driver of {name} refused it without a reason", $"Compare with `ethtool -l {name}`, `ethtool -g {name}` and `ethtool -n {name}`"),
            Errno.ENOSPC => new ZcrxDeviceException(operation, errno, $"{name} has no room for another flow rule{said}", $"Remove rules that are not needed (`ethtool -n {name}`)"),
            Errno.EEXIST => new ZcrxDeviceException(operation, errno, $"it already exists on {name}{said}", $"Check with `ethtool -n {name}`"),
            Errno.ENOENT => new ZcrxDeviceException(operation, errno, $"it does not exist on {name}{said}", $"Check with `ethtool -n {name}`"),
            Errno.EBADMSG or Errno.EMSGSIZE => new ZcrxException(operation, errno, "the kernel's answer is malformed", CommonErrors.ReportIt),
            Errno.ETIMEDOUT => new ZcrxException(operation, errno, "the kernel does not answer", "Check the kernel's log (`dmesg`)"),
            _ => new ZcrxException(operation, errno, $"the kernel returned: {text ?? ErrnoText.Describe(errno)}", ""),
        };
    }
}
