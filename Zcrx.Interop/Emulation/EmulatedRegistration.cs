using System.Numerics;
using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Implements <c>IORING_REGISTER_ZCRX_IFQ</c>. Makes the kernel's checks in the kernel's order, then creates or imports a queue. A failure
/// has no side effects.
/// </summary>
internal static unsafe class EmulatedRegistration
{
    private const uint MaxRefillEntries = 32768;

    public static int Register(EmulatedKernel kernel, EmulatedRing ring, io_uring_zcrx_ifq_reg* user)
    {
        EmulatedKernelProfile profile = kernel.Options.Profile;
        if (!ring.HasFlag(IORING_SETUP_DEFER_TASKRUN) || !(ring.HasFlag(IORING_SETUP_CQE32) || ring.HasFlag(IORING_SETUP_CQE_MIXED)))
        {
            return -EINVAL;
        }

        if (kernel.Options.Faults?.NextRegistration() is { } failure and < 0)
        {
            return failure;
        }

        if (!UserMemory.IsReadable(user, (nuint)sizeof(io_uring_zcrx_ifq_reg)))
        {
            return -EFAULT;
        }

        io_uring_zcrx_ifq_reg registration = *user;
        bool hasBufferLength = (profile.Features & ZCRX_FEATURE_RX_PAGE_SIZE) != 0;
        if (registration.__resv[0] != 0 || registration.__resv[1] != 0 || registration.zcrx_id != 0 ||
            (!profile.HasEvents && registration.event_desc != 0) || (!hasBufferLength && registration.rx_buf_len != 0) || (registration.flags & ~profile.RegisterFlags) != 0)
        {
            return -EINVAL;
        }

        if ((registration.flags & ZCRX_REG_IMPORT) != 0)
        {
            return Import(kernel, ring, registration, user);
        }

        int refused = CheckParameters(ring, profile, ref registration);
        if (refused < 0)
        {
            return refused;
        }

        refused = ReadEvents(registration, out zcrx_event_desc events);
        return refused < 0 ? refused : Create(kernel, ring, registration, events, user);
    }

    private static int Import(EmulatedKernel kernel, EmulatedRing ring, in io_uring_zcrx_ifq_reg registration, io_uring_zcrx_ifq_reg* user)
    {
        if (registration.if_rxq != 0 || registration.rq_entries != 0 || registration.area_ptr != 0 || registration.region_ptr != 0 ||
            registration.event_desc != 0 || registration.flags != ZCRX_REG_IMPORT)
        {
            return -EINVAL;
        }

        if (kernel.Import((int)registration.if_idx) is not { } queue)
        {
            return -EBADF;
        }

        if (!UserMemory.IsWritable(user, (nuint)sizeof(io_uring_zcrx_ifq_reg)))
        {
            queue.RemoveUser(null);
            return -EFAULT;
        }

        user->zcrx_id = AddTo(ring, queue, 0);
        user->offsets = Offsets(kernel.Options.Profile);
        return 0;
    }

    private static int CheckParameters(EmulatedRing ring, EmulatedKernelProfile profile, ref io_uring_zcrx_ifq_reg registration)
    {
        if (!UserMemory.IsReadable((void*)registration.region_ptr, (nuint)sizeof(io_uring_region_desc)))
        {
            return -EFAULT;
        }

        if (registration.if_rxq == uint.MaxValue || registration.rq_entries == 0)
        {
            return -EINVAL;
        }

        if ((registration.flags & ZCRX_REG_NODEV) != 0 && (registration.if_idx != 0 || registration.if_rxq != 0))
        {
            return -EINVAL;
        }

        if (registration.rq_entries > MaxRefillEntries)
        {
            if (!ring.HasFlag(IORING_SETUP_CLAMP))
            {
                return -EINVAL;
            }

            registration.rq_entries = MaxRefillEntries;
        }

        registration.rq_entries = BitOperations.RoundUpToPowerOf2(registration.rq_entries);
        if (!UserMemory.IsReadable((void*)registration.area_ptr, (nuint)sizeof(io_uring_zcrx_area_reg)))
        {
            return -EFAULT;
        }

        // Kernels that support adding areas check the token of the first area here, before its other fields.
        return profile.HasAddArea && ((io_uring_zcrx_area_reg*)registration.area_ptr)->rq_area_token != 0 ? -EINVAL : 0;
    }

    /// <summary>Checks the device and the buffer length. Called after all checks of user memory, as in the kernel.</summary>
    private static int CheckDevice(EmulatedKernel kernel, in io_uring_zcrx_ifq_reg registration, out EmulatedNic? nic)
    {
        nic = null;
        uint page = (uint)Environment.SystemPageSize;
        uint length = registration.rx_buf_len;
        bool deviceLess = (registration.flags & ZCRX_REG_NODEV) != 0;
        if (!deviceLess && (nic = kernel.NicOf(registration.if_idx)) is null)
        {
            return Libc.InterfaceExists(registration.if_idx) ? -EOPNOTSUPP : -ENODEV;
        }

        if (length != 0 && (!BitOperations.IsPow2(length) || length < page))
        {
            return -EINVAL;
        }

        return deviceLess && length != 0 && length != page ? -EOPNOTSUPP : 0;
    }

    private static int ReadEvents(in io_uring_zcrx_ifq_reg registration, out zcrx_event_desc events)
    {
        events = default;
        if (registration.event_desc == 0)
        {
            return 0;
        }

        if (!UserMemory.IsReadable((void*)registration.event_desc, (nuint)sizeof(zcrx_event_desc)))
        {
            return -EFAULT;
        }

        events = *(zcrx_event_desc*)registration.event_desc;
        bool reserved;
        fixed (ulong* first = events.__resv2)
        {
            reserved = new Span<ulong>(first, 9).ContainsAnyExcept(0ul);
        }

        const uint Types = (1u << (int)ZCRX_EVENT_ALLOC_FAIL) | (1u << (int)ZCRX_EVENT_COPY);
        if (reserved || (events.type_mask & ~Types) != 0 || (events.flags & ~ZCRX_EVENT_DESC_FLAG_STATS) != 0)
        {
            return -EINVAL;
        }

        return (events.flags & ZCRX_EVENT_DESC_FLAG_STATS) == 0 && events.stats_offset != 0 ? -EINVAL : 0;
    }

    /// <summary>
    /// Returns an error if the statistics overlap the refill ring in its region. The layout of the ring was checked before.
    /// </summary>
    private static int CheckStatistics(ulong ringEnd, ulong regionSize, in zcrx_event_desc events)
    {
        if ((events.flags & ZCRX_EVENT_DESC_FLAG_STATS) == 0)
        {
            return 0;
        }

        if (events.stats_offset % 8 != 0)
        {
            return -EINVAL;
        }

        bool outside = events.stats_offset > regionSize || regionSize - events.stats_offset < (ulong)sizeof(zcrx_stats);
        return events.stats_offset < ringEnd || outside ? -ERANGE : 0;
    }

    private static int Create(
        EmulatedKernel kernel, EmulatedRing ring, io_uring_zcrx_ifq_reg registration, in zcrx_event_desc events, io_uring_zcrx_ifq_reg* user)
    {
        EmulatedKernelProfile profile = kernel.Options.Profile;
        io_uring_region_desc* region = (io_uring_region_desc*)registration.region_ptr;
        ulong ringEnd = profile.EntriesOffset + ((ulong)registration.rq_entries * (ulong)sizeof(io_uring_zcrx_rqe));
        int refused = RegisteredMemory.CheckRegion(region, ringEnd);
        if (refused < 0)
        {
            return refused;
        }

        refused = CheckStatistics(ringEnd, region->size, events);
        if (refused < 0)
        {
            return refused;
        }

        refused = CheckDevice(kernel, registration, out EmulatedNic? nic);
        if (refused < 0)
        {
            return refused;
        }

        uint page = (uint)Environment.SystemPageSize;
        uint length = registration.rx_buf_len == 0 ? page : registration.rx_buf_len;
        io_uring_zcrx_area_reg* area = (io_uring_zcrx_area_reg*)registration.area_ptr;
        refused = RegisteredMemory.CheckArea(profile, area, (int)length);
        if (refused < 0)
        {
            return refused;
        }

        if (!UserMemory.IsWritable(user, (nuint)sizeof(io_uring_zcrx_ifq_reg)) ||
            !UserMemory.IsWritable(region, (nuint)sizeof(io_uring_region_desc)) ||
            !UserMemory.IsWritable(area, (nuint)sizeof(io_uring_zcrx_area_reg)))
        {
            return -EFAULT;
        }

        nint kernelMemory = 0;
        if ((region->flags & IORING_MEM_REGION_TYPE_USER) == 0)
        {
            kernelMemory = (nint)NativeMemory.AlignedAlloc((nuint)region->size, page);
            NativeMemory.Clear((void*)kernelMemory, (nuint)region->size);
        }

        byte* memory = kernelMemory != 0 ? (byte*)kernelMemory : (byte*)region->user_addr;
        EmulatedInterfaceQueue queue = new(ring, profile, memory, registration.rq_entries, events, BitOperations.Log2(length));
        refused = nic is null ? 0 : length > page && length > nic.Options.MaxBufferLength ? -EOPNOTSUPP : queue.BindTo(nic, registration.if_rxq);
        if (refused < 0)
        {
            NativeMemory.AlignedFree((void*)kernelMemory);
            return refused;
        }

        area->rq_area_token = (ulong)queue.AddArea((nint)area->addr, (nuint)area->len);
        ring.EnableRemotePosts();
        registration.zcrx_id = AddTo(ring, queue, kernelMemory);
        registration.rx_buf_len = length;
        registration.offsets = Offsets(profile);
        if (kernelMemory != 0)
        {
            region->mmap_offset = IORING_MAP_OFF_ZCRX_REGION | ((ulong)registration.zcrx_id << IORING_OFF_ZCRX_SHIFT);
        }

        *user = registration;
        return 0;
    }

    private static io_uring_zcrx_offsets Offsets(EmulatedKernelProfile profile) =>
        new() { head = 0, tail = profile.TailOffset, rqes = profile.EntriesOffset };

    private static uint AddTo(EmulatedRing ring, EmulatedInterfaceQueue queue, nint kernelMemory)
    {
        uint id = 0;
        while (ring.Queues.ContainsKey(id))
        {
            id++;
        }

        ring.AddQueue(id, queue, kernelMemory);
        return id;
    }
}
