using System.Numerics;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Queues;

/// <summary>Creates the exception for a queue that could not be registered. Pure.</summary>
internal static class RegistrationErrors
{
    private const string OtherEngine = "or choose another engine (the emulated one runs everywhere)";

    /// <param name="errno">The errno, of either sign. Unknown numbers are accepted.</param>
    /// <param name="facts">
    /// The requested registration. EINVAL has a dozen possible causes, which the facts narrow down. The most certain cause is checked
    /// first.
    /// </param>
    public static ZcrxException Explain(int errno, in RegistrationFacts facts) => ExplainPositive(ErrnoText.Positive(errno), facts);

    private static ZcrxException ExplainPositive(int errno, in RegistrationFacts facts) => errno switch
    {
        Errno.EPERM or Errno.EACCES => NotPermitted(errno, facts),
        Errno.EINVAL or Errno.EOPNOTSUPP or Errno.EBADF or Errno.EFAULT or Errno.ENODEV or Errno.EIO when facts.IsDmaBuf => new ZcrxUnsupportedException(
            facts.Operation,
            errno,
            $"the kernel or the driver of {facts.Name} cannot take this dma-buf as area: the descriptor is no dma-buf, the part is not a whole number of pages, or exporter and NIC are incompatible; or the registration also fails without the dma-buf",
            "Register the queue without the dma-buf first to check the queue; then try the dma-buf of another exporter"),
        Errno.EINVAL => Missing(errno, facts) ?? BadOption(errno, facts) ?? Refused(errno, facts),
        Errno.EOPNOTSUPP => Missing(errno, facts) ?? NotSupported(errno, facts),
        Errno.EEXIST when facts.DeviceLess => CommonErrors.WrongThread(facts.Operation, errno),
        Errno.EEXIST => new ZcrxQueueBusyException(
            facts.Operation,
            errno,
            $"an XDP program is attached to {facts.Name}, or the queue already receives into other memory (io_uring or device-memory TCP)",
            $"Detach the program (`ip link set dev {facts.Name} xdp off`), or stop the process that holds the queue"),
        Errno.EBUSY => new ZcrxQueueBusyException(
            facts.Operation, errno, "the queue is used by AF_XDP or leased to a virtual interface", "Close that socket, register on the virtual queue of the lease, or choose another queue"),
        Errno.ENODEV => new ZcrxDeviceException(
            facts.Operation,
            errno,
            $"there is no interface {facts.Name} in this process's network namespace",
            "Check `ip link`; a container sees only its own interfaces"),
        Errno.ENXIO => new ZcrxDeviceException(facts.Operation, errno, "the interface or its queue is gone", "Check `ip link` and `ethtool -l`"),
        Errno.ENETDOWN => new ZcrxDeviceException(facts.Operation, errno, $"{facts.Name} is down", $"Bring it up with `ip link set dev {facts.Name} up`"),
        Errno.ERANGE => OutOfRange(errno, facts),
        Errno.ENOMEM => CommonErrors.NoMemory(facts.Operation, errno, "the area", facts.AreaBytes, facts.Host),
        Errno.EFAULT => new ZcrxMemoryException(
            facts.Operation,
            errno,
            "the area, the refill region or the parameters are not mapped or not writable, or the region is too short for its entries",
            "Keep this memory mapped and writable as long as the queue lives"),
        _ => CommonErrors.Other(facts.Operation, errno),
    };

    private static ZcrxNotPermittedException NotPermitted(int errno, in RegistrationFacts facts)
    {
        if (CommonErrors.RingForbidden(facts.Operation, errno, facts.Host) is { } forbidden)
        {
            return forbidden;
        }

        return facts.Host.WhyNoRegistration() is { } reason
            ? new ZcrxNotPermittedException(facts.Operation, errno, reason, CommonErrors.GrantNetAdmin)
            : CommonErrors.Filtered(facts.Operation, errno, facts.Host);
    }

    /// <summary>
    /// Returns the error for a registration that needs a capability that the kernel lacks; null if it lacks none. Older kernels report this
    /// as EINVAL.
    /// </summary>
    private static ZcrxUnsupportedException? Missing(int errno, in RegistrationFacts facts)
    {
        var capabilities = facts.Capabilities;
        if (facts.DeviceLess && capabilities.WhyNot(ZcrxFeature.DeviceLess) is { } deviceLess)
        {
            return new ZcrxUnsupportedException(
                facts.Operation, errno, deviceLess, "Use Linux 7.1 or newer, name a NIC queue, " + OtherEngine);
        }

        if (!facts.DeviceLess && capabilities.WhyNot(ZcrxFeature.NicQueue) is { } nicQueue)
        {
            return new ZcrxUnsupportedException(
                facts.Operation, errno, nicQueue, "Use a newer kernel with CONFIG_IO_URING_ZCRX, " + OtherEngine);
        }

        // Up to Linux 7.1, the field for notifications and statistics is reserved. The kernel refuses both with the same errno.
        if (facts.Notifications && !capabilities.EventFeature && capabilities.WhyNot(ZcrxFeature.Notifications) is { } notifications)
        {
            return new ZcrxUnsupportedException(
                facts.Operation, errno, notifications, "Use Linux 7.2 or newer, or register without notifications and statistics");
        }

        return facts.RxBufferLength != 0 && capabilities.WhyNot(ZcrxFeature.RxBufferLength) is { } bufferLength
            ? new ZcrxUnsupportedException(
                facts.Operation, errno, bufferLength, "Use Linux 7.0 or newer, or leave the buffer length to the kernel")
            : null;
    }

    /// <summary>
    /// Returns the error for an option value that no kernel accepts; null if there is none. This finds values that the earlier validation
    /// of options cannot check.
    /// </summary>
    private static ZcrxConfigurationException? BadOption(int errno, in RegistrationFacts facts)
    {
        uint page = (uint)facts.Host.PageSize;
        if (facts.RefillEntries is 0 or > RegistrationFacts.MaxRefillEntries)
        {
            return Bad(errno, facts, "RefillEntries", $"{facts.RefillEntries} refill entries are not between 1 and {RegistrationFacts.MaxRefillEntries}", "Choose a number between them");
        }

        if (facts.RxBufferLength != 0 && (facts.RxBufferLength < page || !BitOperations.IsPow2(facts.RxBufferLength)))
        {
            return Bad(errno, facts, "RxBufferLength", $"{facts.RxBufferLength} bytes are not a power of two of at least a page ({page})", "Choose one, or leave it to the kernel");
        }

        if (facts.AreaBytes == 0 || facts.AreaBytes % page != 0)
        {
            return Bad(errno, facts, "Area", $"{facts.AreaBytes} bytes are not a whole number of pages ({page})", "Round it up");
        }

        return !facts.DeviceLess && facts.RxQueue == uint.MaxValue
            ? Bad(errno, facts, "RxQueue", $"{facts.RxQueue} is not a queue index", "Choose one that `ethtool -l` counts")
            : null;
    }

    private static ZcrxConfigurationException Bad(int errno, in RegistrationFacts facts, string path, FormattableString message, string fix) =>
        new(facts.Operation, errno, new ZcrxConfigurationError(path, FormattableString.Invariant(message)), fix);

    /// <summary>
    /// Returns the error when no option explains the errno. With a NIC, a setting of the device is the likely cause. Without a NIC, Zcrx
    /// has a defect.
    /// </summary>
    private static ZcrxException Refused(int errno, in RegistrationFacts facts)
    {
        if (facts.DeviceLess)
        {
            return new ZcrxException(
                facts.Operation,
                errno,
                "the kernel refused a parameter: the ring lacks DEFER_TASKRUN or CQE32, the refill region is too small for its entries, or a reserved field is not zero",
                CommonErrors.ReportIt);
        }

        // A kernel that answers no capability queries may have no zero-copy receive at all. It reports that by the same errno.
        string unlessOld = facts.Capabilities.Support(ZcrxFeature.NicQueue) == ZcrxSupport.Yes
            ? ""
            : $"; or {facts.Capabilities.Kernel} has no zero-copy receive at all ({CapabilityText.Needs(ZcrxFeature.NicQueue)})";
        return new ZcrxDeviceException(
            facts.Operation,
            errno,
            $"header/data split of {facts.Name} is off, or its threshold is not 0{unlessOld}",
            $"Switch it on with `ethtool -G {facts.Name} tcp-data-split on` and `ethtool -G {facts.Name} hds-thresh 0`; for a leased queue in a container, on the host, for the NIC");
    }

    private static ZcrxUnsupportedException NotSupported(int errno, in RegistrationFacts facts)
    {
        if (facts.DeviceLess)
        {
            return facts.OwnBufferLength
                ? new ZcrxUnsupportedException(
                    facts.Operation,
                    errno,
                    FormattableString.Invariant($"device-less buffers are always one page ({facts.Host.PageSize} bytes), but {facts.RxBufferLength} were requested"),
                    "Leave the buffer length to the kernel")
                : new ZcrxUnsupportedException(
                    facts.Operation, errno, "the kernel was built without CONFIG_IO_URING_ZCRX", "Use a kernel with this option, " + OtherEngine);
        }

        string driver =
            $"the driver of {facts.Name} has no queue management or no device for DMA (of virtual interfaces, only the leased queues of netkit have one), "
            + "or the queue is leased to a virtual interface, or the kernel was built without CONFIG_IO_URING_ZCRX";
        string instead = facts.Capabilities.DeviceLess ? "use device-less mode, " + OtherEngine : OtherEngine;
        return facts.OwnBufferLength
            ? new ZcrxUnsupportedException(
                facts.Operation,
                errno,
                FormattableString.Invariant($"{facts.Name} cannot receive into buffers of {facts.RxBufferLength} bytes; or {driver}"),
                "Leave the buffer length to the kernel, use another NIC or driver, " + instead)
            : new ZcrxUnsupportedException(
                facts.Operation, errno, driver, "Use a NIC whose driver supports zero-copy receive (bnxt, gve, mlx5 and fbnic are among them), " + instead);
    }

    private static ZcrxException OutOfRange(int errno, in RegistrationFacts facts)
    {
        if (facts.DeviceLess)
        {
            return new ZcrxException(
                facts.Operation, errno, "the statistics overlap the refill entries or lie past the end of the region", CommonErrors.ReportIt);
        }

        return facts.OwnBufferLength
            ? new ZcrxDeviceException(
                facts.Operation,
                errno,
                FormattableString.Invariant($"{facts.Name} has no RX queue {facts.RxQueue}, or the area is not contiguous enough for buffers of {facts.RxBufferLength} bytes"),
                $"Count the queues with `ethtool -l {facts.Name}`, and put the area on huge pages or leave the buffer length to the kernel")
            : new ZcrxDeviceException(
                facts.Operation,
                errno,
                FormattableString.Invariant($"{facts.Name} has no RX queue {facts.RxQueue}"),
                $"Count the queues with `ethtool -l {facts.Name}`; the first one is 0");
    }
}
