using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Implements the operations of <c>IORING_REGISTER_ZCRX_CTRL</c>: flush the refill ring, export a queue, arm a notification, and add an
/// area.
/// </summary>
internal static unsafe class EmulatedControl
{
    public static int Run(EmulatedKernel kernel, EmulatedRing ring, zcrx_ctrl* user, uint argumentCount)
    {
        if (argumentCount != 0)
        {
            return -EINVAL;
        }

        if (!UserMemory.IsReadable(user, (nuint)sizeof(zcrx_ctrl)) || user->__resv[0] != 0 || user->__resv[1] != 0)
        {
            return -EFAULT;
        }

        if (!ring.Queues.TryGetValue(user->zcrx_id, out EmulatedInterfaceQueue? queue))
        {
            return -ENXIO;
        }

        if (user->op >= kernel.Options.Profile.ControlOperations)
        {
            return -EOPNOTSUPP;
        }

        if (user->op == ZCRX_CTRL_EXPORT)
        {
            // The queue's lock is not held here. An export takes the kernel's lock, which must be taken before the queue's.
            int result = Export(kernel, queue, user);
            ring.ReturnBuffers();
            return result;
        }

        lock (queue.Gate)
        {
            return user->op switch
            {
                ZCRX_CTRL_FLUSH_RQ => Flush(queue, user),
                ZCRX_CTRL_ARM_EVENT => Arm(queue, user),
                ZCRX_CTRL_ADD_AREA => AddArea(kernel.Options.Profile, queue, user),
                _ => -EOPNOTSUPP,
            };
        }
    }

    private static int Flush(EmulatedInterfaceQueue queue, zcrx_ctrl* user)
    {
        if (!IsZero(user->zc_flush.__resv, 6))
        {
            return -EINVAL;
        }

        queue.Flush();
        return 0;
    }

    private static int Export(EmulatedKernel kernel, EmulatedInterfaceQueue queue, zcrx_ctrl* user)
    {
        if (user->zc_export.zcrx_fd != 0 || new Span<uint>(user->zc_export.__resv1, 11).ContainsAnyExcept(0u))
        {
            return -EINVAL;
        }

        // Check the memory before a descriptor is created. The number of the descriptor is returned in this memory.
        if (!UserMemory.IsWritable(user, (nuint)sizeof(zcrx_ctrl)))
        {
            return -EFAULT;
        }

        int fd = kernel.Export(queue);
        if (fd < 0)
        {
            return fd;
        }

        user->zc_export.zcrx_fd = (uint)fd;
        return 0;
    }

    private static int Arm(EmulatedInterfaceQueue queue, zcrx_ctrl* user) =>
        new Span<uint>(user->zc_arm_event.__resv, 11).ContainsAnyExcept(0u) ? -EINVAL : queue.Arm(user->zc_arm_event.event_type);

    private static int AddArea(EmulatedKernelProfile profile, EmulatedInterfaceQueue queue, zcrx_ctrl* user)
    {
        io_uring_zcrx_area_reg* area = (io_uring_zcrx_area_reg*)user->zc_area.area_ptr;
        if (!UserMemory.IsWritable(area, (nuint)sizeof(io_uring_zcrx_area_reg)))
        {
            return -EFAULT;
        }

        if (!IsZero(user->zc_area.__resv, 5))
        {
            return -EINVAL;
        }

        int refused = RegisteredMemory.CheckArea(profile, area, queue.BufferLength);
        if (refused < 0)
        {
            return refused;
        }

        if (queue.HasLostDevice)
        {
            // The real kernel maps a new area for the device, which fails when the device no longer exists.
            return -EFAULT;
        }

        long token = queue.AddArea((nint)area->addr, (nuint)area->len);
        if (token < 0 && token > -4096)
        {
            return (int)token;
        }

        area->rq_area_token = (ulong)token;
        return 0;
    }

    private static bool IsZero(ulong* values, int count) => !new Span<ulong>(values, count).ContainsAnyExcept(0ul);
}
