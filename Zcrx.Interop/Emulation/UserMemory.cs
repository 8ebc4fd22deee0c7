using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Checks whether memory is mapped and accessible. Replaces the checks that <c>copy_from_user</c> and page pinning make in the kernel.
/// </summary>
/// <remarks>
/// MADV_POPULATE_READ and MADV_POPULATE_WRITE fault in the pages. They fail where the kernel's pinning fails. The checks are slow, so only
/// set-up and control calls make them.
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
