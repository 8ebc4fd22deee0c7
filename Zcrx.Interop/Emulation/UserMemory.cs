using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Checks whether memory is mapped and writable, like <c>copy_from_user</c> and page pinning in the kernel.</summary>
/// <remarks>
/// MADV_POPULATE_READ and MADV_POPULATE_WRITE fault the pages in like the kernel's pinning, and fail where pinning fails.
/// Used by set-up and control calls only, never on the data path.
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
