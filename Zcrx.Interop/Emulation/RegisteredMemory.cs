using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Checks memory that user space registers. The checks have the same order as in the kernel, so that the first error is the same.
/// </summary>
internal static unsafe class RegisteredMemory
{
    // The kernel keeps a pointer to each page in an array of at most 2 GiB.
    private const ulong MaxAreaPages = int.MaxValue / sizeof(ulong);

    /// <summary>Checks the memory of an area that is registered with a queue or added to it.</summary>
    public static int CheckArea(EmulatedKernelProfile profile, io_uring_zcrx_area_reg* area, int bufferLength)
    {
        uint page = (uint)Environment.SystemPageSize;
        if ((area->flags & ~IORING_ZCRX_AREA_DMABUF) != 0 || area->__resv2[0] != 0 || area->__resv2[1] != 0 || area->rq_area_token != 0)
        {
            return -EINVAL;
        }

        if (area->len == 0)
        {
            return -EFAULT;
        }

        if (area->len > profile.MaxAreaLength)
        {
            return profile.HasEvents ? -EINVAL : -EFAULT;
        }

        if (Overflows(area->addr, area->len))
        {
            return -EOVERFLOW;
        }

        if (((area->addr | area->len) & (page - 1)) != 0 || area->dmabuf_fd != 0 || (area->flags & IORING_ZCRX_AREA_DMABUF) != 0)
        {
            return -EINVAL;
        }

        if (area->len / page > MaxAreaPages)
        {
            return -EOVERFLOW;
        }

        if (area->addr == 0)
        {
            return -EFAULT;
        }

        if (!UserMemory.IsWritable((void*)area->addr, (nuint)area->len))
        {
            return -EFAULT;
        }

        // Large buffers must be physically contiguous. The emulation assumes that aligned memory is contiguous.
        return bufferLength > page && ((area->addr | area->len) & (uint)(bufferLength - 1)) != 0 ? -ERANGE : 0;
    }

    /// <summary>Checks the memory of the refill ring.</summary>
    /// <param name="region">The description of the memory from user space.</param>
    /// <param name="needed">The size of header and entries in bytes.</param>
    public static int CheckRegion(io_uring_region_desc* region, ulong needed)
    {
        bool userMemory = (region->flags & IORING_MEM_REGION_TYPE_USER) != 0;
        uint page = (uint)Environment.SystemPageSize;
        if (region->size < needed || (region->flags & ~IORING_MEM_REGION_TYPE_USER) != 0 ||
            new Span<ulong>(region->__resv, 4).ContainsAnyExcept(0ul))
        {
            return -EINVAL;
        }

        if (userMemory != (region->user_addr != 0))
        {
            return -EFAULT;
        }

        if (region->size == 0 || region->mmap_offset != 0 || region->id != 0 || ((region->user_addr | region->size) & (page - 1)) != 0)
        {
            return -EINVAL;
        }

        if (userMemory && Overflows(region->user_addr, region->size))
        {
            return -EOVERFLOW;
        }

        return !userMemory || UserMemory.IsWritable((void*)region->user_addr, (nuint)region->size) ? 0 : -EFAULT;
    }

    /// <summary>Determines whether a range that is rounded up to a page exceeds the address space.</summary>
    private static bool Overflows(ulong address, ulong length)
    {
        ulong room = ulong.MaxValue - address;
        return length > room || room - length < (ulong)Environment.SystemPageSize - 1;
    }
}
