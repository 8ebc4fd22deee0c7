using System.Runtime.InteropServices;
using Zcrx.Interop.Memory;

namespace Zcrx.Conformance.Support;

/// <summary>Counts the pages of memory that are in RAM.</summary>
internal static unsafe partial class ResidentMemory
{
    public static int PagesOf(MemoryRegion memory)
    {
        byte[] pages = new byte[memory.Length / (nuint)Environment.SystemPageSize];
        fixed (byte* first = pages)
        {
            Assert.Equal(0, Mincore(memory.Address, memory.Length, first));
        }

        return pages.Count(static page => (page & 1) != 0);
    }

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int Mincore(nint address, nuint length, byte* pages);
}
