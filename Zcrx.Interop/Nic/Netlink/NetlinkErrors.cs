using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Explains why an interface could not be read or changed. Pure.</summary>
internal static class NetlinkErrors
{
    /// <param name="operation">The start of the sentence.</param>
    /// <param name="interfaceName">The interface, if it was about one.</param>
    /// <param name="errno">Of either sign.</param>
    /// <param name="text">What the kernel said about it, if anything.</param>
    public static ZcrxException Explain(string operation, string? interfaceName, int errno, string? text)
    {
        errno = ErrnoText.Positive(errno);
        string name = interfaceName ?? "the interface";
        string said = string.IsNullOrWhiteSpace(text) ? "" : $" (the kernel says: {text.Trim().TrimEnd('.')})";
        return errno switch
        {
            Errno.EPERM or Errno.EACCES => new ZcrxNotPermittedException(
                operation, errno, $"this process does not have the capability CAP_NET_ADMIN{said}", CommonErrors.GrantNetAdmin),
            Errno.ENODEV => new ZcrxDeviceException(
                operation, errno, $"there is no interface {name} in this process's network namespace{said}", "Check `ip link`; a container sees only its own interfaces"),
            Errno.EOPNOTSUPP => new ZcrxUnsupportedException(
                operation, errno, $"the driver of {name} cannot do that{said}", $"Look at what it can with `ethtool -i {name}` and `ethtool -k {name}`"),
            Errno.EBUSY => new ZcrxDeviceException(operation, errno, $"{name} is in use in a way that does not allow it{said}", "Close what uses its queues first"),
            Errno.EINVAL or Errno.ERANGE => new ZcrxDeviceException(
                operation, errno, said.Length > 0 ? $"the driver of {name} refused it{said}" : $"the driver of {name} refused it, without saying why", $"Compare with `ethtool -l {name}`, `ethtool -g {name}` and `ethtool -n {name}`"),
            Errno.ENOSPC => new ZcrxDeviceException(operation, errno, $"{name} has no room for another flow rule{said}", $"Remove rules that are not needed (`ethtool -n {name}`)"),
            Errno.EEXIST => new ZcrxDeviceException(operation, errno, $"{name} has that already{said}", $"Look with `ethtool -n {name}`"),
            Errno.ENOENT => new ZcrxDeviceException(operation, errno, $"{name} does not have that, or not any more{said}", $"Look with `ethtool -n {name}`"),
            Errno.EBADMSG or Errno.EMSGSIZE => new ZcrxException(operation, errno, "the kernel's answer cannot be understood", CommonErrors.ReportIt),
            Errno.ETIMEDOUT => new ZcrxException(operation, errno, "the kernel does not answer", "Look into the kernel's log (`dmesg`)"),
            _ => new ZcrxException(operation, errno, $"the kernel says: {text ?? ErrnoText.Describe(errno)}", ""),
        };
    }
}
