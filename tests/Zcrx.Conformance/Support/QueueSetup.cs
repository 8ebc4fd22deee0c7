using Zcrx.Conformance.Nic;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Contains the parameters of a registration, with or without a NIC. They are valid until a test makes one of them invalid.
/// </summary>
/// <remarks>Each part lies in its own memory, so that a test can make a single part inaccessible.</remarks>
internal sealed unsafe class QueueSetup : IDisposable
{
    public const ulong NotificationUserData = 0xe0;

    private readonly TestMemory _parameters;

    public QueueSetup(
        KernelUnderTest kernel, int buffers = 64, uint entries = 64, uint? notifications = null, bool statistics = true, NicUnderTest? nic = null, uint? rxQueue = null)
    {
        Area = new TestMemory((nuint)buffers * TestMemory.Page);
        // The statistics lie on the page after the refill ring, because the size of the ring's header differs between kernels.
        nuint ring = Round(128 + ((nuint)entries * (nuint)sizeof(io_uring_zcrx_rqe)));
        Region = new TestMemory(ring + TestMemory.Page);
        StatisticsOffset = ring;
        EntriesOffset = (uint)(kernel.Capabilities.RefillHeaderSizeOr(Environment.SystemPageSize) + 63) / 64 * 64;
        _parameters = new TestMemory(TestMemory.Page);
        byte* memory = (byte*)_parameters.Address;
        Registration = (io_uring_zcrx_ifq_reg*)memory;
        RegionDescriptor = (io_uring_region_desc*)(memory + 256);
        AreaRegistration = (io_uring_zcrx_area_reg*)(memory + 512);
        Events = (zcrx_event_desc*)(memory + 768);
        *AreaRegistration = new io_uring_zcrx_area_reg { addr = (ulong)Area.Address, len = Area.Length };
        *RegionDescriptor = new io_uring_region_desc { user_addr = (ulong)Region.Address, size = Region.Length, flags = IORING_MEM_REGION_TYPE_USER };
        *Registration = new io_uring_zcrx_ifq_reg
        {
            flags = nic is null ? ZCRX_REG_NODEV : 0,
            if_idx = nic?.Index ?? 0,
            if_rxq = rxQueue ?? nic?.Queue ?? 0,
            rq_entries = entries,
            area_ptr = (ulong)AreaRegistration,
            region_ptr = (ulong)RegionDescriptor,
        };
        if (kernel.Capabilities.Notifications)
        {
            *Events = new zcrx_event_desc { user_data = NotificationUserData, type_mask = notifications ?? kernel.Capabilities.NotificationTypes };
            if (statistics)
            {
                Events->flags = ZCRX_EVENT_DESC_FLAG_STATS;
                Events->stats_offset = StatisticsOffset;
            }

            Registration->event_desc = (ulong)Events;
        }
    }

    public TestMemory Area { get; }

    public TestMemory Region { get; }

    public io_uring_zcrx_ifq_reg* Registration { get; }

    public io_uring_region_desc* RegionDescriptor { get; }

    public io_uring_zcrx_area_reg* AreaRegistration { get; }

    public zcrx_event_desc* Events { get; }

    public nuint StatisticsOffset { get; }

    /// <summary>Gets the offset of the first refill entry. It is the size of the ring's header, rounded up to a cache line.</summary>
    public uint EntriesOffset { get; }

    /// <summary>Makes the memory of the parameters read-only, so that the kernel cannot write its answers.</summary>
    public void MakeParametersReadOnly() => _parameters.MakeReadOnly();

    public int Register(TestRing ring) => ring.Register(IORING_REGISTER_ZCRX_IFQ, Registration, 1);

    /// <summary>Registers, and retries while the RX queue belongs to an earlier ring. The kernel closes rings in the background.</summary>
    /// <returns>The result. −EEXIST means that the RX queue was still taken at the deadline.</returns>
    public int RegisterWhenFree(TestRing ring)
    {
        int result = -Errno.EEXIST;
        Deadline.Until(() => (result = Register(ring)) != -Errno.EEXIST, "the queue is free");
        return result;
    }

    public void Dispose()
    {
        Area.Dispose();
        Region.Dispose();
        _parameters.Dispose();
    }

    private static nuint Round(nuint length) => (length + TestMemory.Page - 1) / TestMemory.Page * TestMemory.Page;
}
