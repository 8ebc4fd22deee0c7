using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Reads how many file descriptors this process may have and how many it uses.</summary>
internal static unsafe partial class ProcessDescriptors
{
    private const string Directory = "/proc/self/fd";
    private const int CurrentDirectory = -100;
    private const uint SizeMask = 0x200;
    // The size of struct statx and the offset of its field stx_size. Both are the same on all architectures.
    private const int StatxLength = 256;
    private const int SizeOffset = 40;

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* result);

    /// <summary>Reads the limit on descriptors and the number in use.</summary>
    /// <returns>
    /// The limit and the number. If the limit is unlimited or unknown, it is <see cref="int.MaxValue"/> and the number is 0.
    /// </returns>
    /// <remarks>
    /// Since Linux 6.2, the size of <c>/proc/self/fd</c> is the number in use. Reading it takes about a microsecond. On older kernels, the
    /// entries of the directory are counted.
    /// </remarks>
    public static DescriptorUse Read()
    {
        int limit = (int)ulong.Min(ResourceLimits.OpenFiles() ?? int.MaxValue, int.MaxValue);
        byte* result = stackalloc byte[StatxLength];
        if (limit == int.MaxValue || statx(CurrentDirectory, Directory, 0, SizeMask, result) != 0)
        {
            return new DescriptorUse(limit, 0, IsCheap: true);
        }

        long size = *(long*)(result + SizeOffset);
        return size > 0 ? new DescriptorUse(limit, (int)size, IsCheap: true) : new DescriptorUse(limit, CountEntries(), IsCheap: false);
    }

    private static int CountEntries()
    {
        try
        {
            // One of the entries is the descriptor of the enumeration itself.
            return System.IO.Directory.EnumerateFileSystemEntries(Directory).Count() - 1;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The directory cannot be read. Reading needs a descriptor, so probably none is left.
            return int.MaxValue;
        }
    }
}
