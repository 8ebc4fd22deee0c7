using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop.Nic.Leasing;

/// <summary>Creates the exception for a queue that could not be leased. Pure.</summary>
internal static class LeasingErrors
{
    /// <param name="operation">The failed operation, with which the error message starts.</param>
    /// <param name="interfaceName">The physical interface.</param>
    /// <param name="to">The container's interface.</param>
    /// <param name="outcome">The kernel's answer.</param>
    public static ZcrxException Explain(string operation, string interfaceName, ContainerInterface to, NetlinkOutcome outcome)
    {
        int errno = -outcome.Error;
        string said = string.IsNullOrWhiteSpace(outcome.Text) ? "" : $" (the kernel reports: {outcome.Text.Trim().TrimEnd('.')})";
        return errno switch
        {
            Errno.ENODEV => new ZcrxDeviceException(
                operation, errno, $"{to.Container} has no interface {to.Interface}, or {interfaceName} was removed{said}", $"Check `nsenter --net={to.NamespacePath} ip link`"),
            Errno.EOPNOTSUPP => new ZcrxUnsupportedException(
                operation,
                errno,
                $"the kernel does not support leases, or {to.Interface} is the host's end of a netkit pair{said}",
                "Use Linux 7.1 or newer, and name the end of the pair that is inside the container"),
            Errno.EINVAL or Errno.ERANGE => new ZcrxDeviceException(
                operation,
                errno,
                $"{to.Interface} has no room for another RX queue, or {interfaceName} cannot lease this one{said}",
                $"Create {to.Interface} as a netkit interface with room for more RX queues (`numrxqueues`), and name a NIC whose driver has queue management"),
            Errno.EBUSY => new ZcrxQueueBusyException(
                operation, errno, $"the queue is in use{said}", "Stop the process that receives on it, or choose another queue"),
            _ => NetlinkErrors.Explain(operation, interfaceName, outcome.Error, outcome.Text),
        };
    }
}
