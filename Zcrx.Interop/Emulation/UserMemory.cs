using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>What <c>copy_from_user</c> and page pinning check in the kernel: whether memory is there and may be written.</summary>
/// <remarks>
/// MADV_POPULATE_READ and MADV_POPULATE_WRITE fault the pages in as the kernel's own pinning does, and fail where that fails.
/// Only set-up and control calls come here, never the data path.
/// </remarks>
internal static unsafe class UserMemory
{
    public static bool IsReadable(void* address, nuint length) => Populate((nint)address, length, Libc.MADV_POPULATE_READ);

    public static bool IsWritable(void* address, nuint length) => Populate((nint)address, length, Libc.MADV_POPULATE_WRITE);

    private static bool Populate(nint address, nuint length, int advice)
    {
        if (address == 0)
        {
            return false;
        }

        nuint page = (nuint)Environment.SystemPageSize;
        nuint start = (nuint)address / page * page;
        nuint end = ((nuint)address + length + page - 1) / page * page;
        if (end <= start)
        {
            return false;
        }

        return Libc.Advise((nint)start, end - start, advice) == 0;
    }
}
