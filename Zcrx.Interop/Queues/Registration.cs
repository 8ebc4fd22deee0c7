using System.Globalization;
using System.Numerics;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop;

/// <summary>Registers one interface queue. Allocates its memory, calls the kernel, and frees the memory on failure.</summary>
internal sealed unsafe class Registration(IoRing ring, InterfaceQueueOptions options, ZcrxCapabilities capabilities, string? whyPageBuffers = null)
{
    private const uint MaxRefillEntries = 32768;
    private const nuint CacheLine = 64;

    public InterfaceQueue Run(Action wake)
    {
        bool deviceLess = options.Interface is null;
        if (WantsLargeBuffers && capabilities.WhyNot(ZcrxFeature.RxBufferLength) is { } unsupported)
        {
            return WithPages(unsupported).Run(wake);
        }

        CheckDmaBuf(deviceLess);
        uint index = deviceLess ? 0 : InterfaceIndex(options.Interface!);
        MemoryRegion area = options.DmaBuf is { } dmaBuf ? MemoryRegion.Map(dmaBuf) : MemoryRegion.Allocate(options.AreaSize, options.HugePages, "the area", options.SharedMemory);
        uint entries = RefillEntries(area.Length);
        // The entries follow the header. If the kernel reports no size of the header, a whole page is reserved, which is large compared
        // with a small ring.
        nuint header = RoundUp((nuint)capabilities.RefillHeaderSizeOr(Environment.SystemPageSize), (nuint)(capabilities.RefillHeaderAlignment ?? 1));
        nuint ringEnd = header + ((nuint)entries * (nuint)sizeof(io_uring_zcrx_rqe));
        // The counters have their own cache line, because the kernel writes them while another thread may read them.
        nuint statisticsOffset = RoundUp(ringEnd, CacheLine);
        MemoryRegion region;
        try
        {
            region = MemoryRegion.Allocate(statisticsOffset + CacheLine, false, "the refill queue", options.SharedMemory);
        }
        catch
        {
            area.Release();
            throw;
        }

        io_uring_zcrx_area_reg areaRegistration = options.DmaBuf is { } device
            ? new() { addr = device.Offset, len = device.Length, flags = IORING_ZCRX_AREA_DMABUF, dmabuf_fd = (uint)device.Descriptor }
            : new() { addr = (ulong)area.Address, len = area.Length };
        io_uring_region_desc regionDescriptor = new() { user_addr = (ulong)region.Address, size = region.Length, flags = IORING_MEM_REGION_TYPE_USER };
        zcrx_event_desc events = new()
        {
            user_data = options.NotificationUserData,
            type_mask = capabilities.NotificationTypes & Mask(ZcrxNotificationType.NoBuffers, ZcrxNotificationType.Copy),
        };
        if (capabilities.Statistics)
        {
            events.flags = ZCRX_EVENT_DESC_FLAG_STATS;
            events.stats_offset = statisticsOffset;
        }

        io_uring_zcrx_ifq_reg registration = new()
        {
            flags = deviceLess ? ZCRX_REG_NODEV : 0,
            if_idx = index,
            if_rxq = options.RxQueue,
            rq_entries = entries,
            rx_buf_len = options.RxBufferLength,
            area_ptr = (ulong)&areaRegistration,
            region_ptr = (ulong)&regionDescriptor,
            event_desc = capabilities.Notifications || capabilities.Statistics ? (ulong)&events : 0,
        };
        int result = ring.Kernel.Register(ring.Fd, IORING_REGISTER_ZCRX_IFQ, &registration, 1);
        if (result < 0)
        {
            area.Release();
            region.Release();
            if (WantsLargeBuffers && result is -Errno.EINVAL or -Errno.EOPNOTSUPP or -Errno.ERANGE)
            {
                // Drivers refuse large buffers with different errnos, each of which has other causes as well. If there is another cause,
                // the registration with pages also fails and reports it.
                return WithPages(result == -Errno.ERANGE
                    ? $"{options.Interface} does not support larger ones, or the area is not contiguous (huge pages are)"
                    : $"{options.Interface} does not support larger ones").Run(wake);
            }

            throw RegistrationErrors.Explain(-result, Facts(deviceLess, area.Length, entries));
        }

        if (registration.rx_buf_len == 0)
        {
            // Kernels before 7.0 do not return the buffer length, because it is always a page.
            registration.rx_buf_len = (uint)Environment.SystemPageSize;
        }

        QueueMemory memory = new(region, registration.offsets, registration.rq_entries, (int)registration.rx_buf_len, capabilities.Statistics ? statisticsOffset : null)
        {
            Interface = options.Interface,
            RxQueue = options.RxQueue,
        };
        memory.Add(area);
        return new InterfaceQueue(ring, registration.zcrx_id, memory, new BufferLedger(wake, options.RecordLeaseOrigins, options.CheckBorrows), isImported: false) { WhyPageBuffers = whyPageBuffers };
    }

    private void CheckDmaBuf(bool deviceLess)
    {
        if (options.DmaBuf is null)
        {
            return;
        }

        if (options.DmaBuf.WhyTooLong is { } tooLong)
        {
            throw new ZcrxConfigurationException([new ZcrxConfigurationError($"{nameof(InterfaceQueueOptions.DmaBuf)}:{nameof(DmaBufArea.Length)}", tooLong)]);
        }

        string? reason = deviceLess ? "only a NIC writes to a dma-buf, and the queue has none" : capabilities.WhyNot(ZcrxFeature.DmaBufArea);
        if (reason is not null)
        {
            throw new ZcrxUnsupportedException("Registering a dma-buf as area", Errno.EOPNOTSUPP, reason, "Receive into memory of this process, without a dma-buf");
        }
    }

    // True if a refused registration is tried again with buffers of a page. Only a NIC can support larger buffers. A length that is not a
    // power of two is an error of the caller, so it is not tried again.
    private bool WantsLargeBuffers =>
        options.Interface is not null && options.RxBufferLength > (uint)Environment.SystemPageSize && BitOperations.IsPow2(options.RxBufferLength);

    private Registration WithPages(string why) => new(
        ring,
        options with { RxBufferLength = 0 },
        capabilities,
        string.Create(CultureInfo.InvariantCulture, $"buffers are pages of {Environment.SystemPageSize} bytes instead of the requested {options.RxBufferLength}, because {why}"));

    private static uint Mask(params ReadOnlySpan<ZcrxNotificationType> types)
    {
        uint mask = 0;
        foreach (ZcrxNotificationType type in types)
        {
            mask |= 1u << (int)type;
        }

        return mask;
    }

    private static nuint RoundUp(nuint value, nuint multiple) => (value + multiple - 1) / multiple * multiple;

    private uint InterfaceIndex(string name) => ring.Kernel.InterfaceIndex(name) is var index and > 0
        ? (uint)index
        : throw new ZcrxDeviceException(
            $"Registering an interface queue on {name}", Errno.ENODEV, "this network namespace has no interface of that name", "List them with `ip link` and correct the name");

    private uint RefillEntries(nuint areaLength)
    {
        uint wanted = options.RefillEntries;
        if (wanted == 0)
        {
            // One entry for each page, even if buffers are larger. A device may put several packets into one buffer, and each packet
            // returns with its own entry.
            wanted = (uint)nuint.Min(areaLength / (nuint)Environment.SystemPageSize, MaxRefillEntries);
        }

        return uint.Min(BitOperations.RoundUpToPowerOf2(wanted), MaxRefillEntries);
    }

    private RegistrationFacts Facts(bool deviceLess, nuint areaLength, uint entries) => new(
        options.Interface, options.RxQueue, deviceLess, options.RxBufferLength, areaLength, entries, capabilities.Notifications, capabilities, HostFacts.Read(), options.DmaBuf is not null);
}
