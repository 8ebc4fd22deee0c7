using System.Runtime.InteropServices;

namespace Zcrx.Interop.Kernel;

/// <summary>Reads the limits of the process (getrlimit(2)).</summary>
internal static unsafe partial class ResourceLimits
{
    private const int RlimitOpenFiles = 7;
    private const int RlimitMemlock = 8;
    private const ulong RlimInfinity = ulong.MaxValue;

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int getrlimit(int resource, Limit* limit);

    /// <summary>Returns the soft limit on locked memory in bytes, or null when it is unlimited or cannot be read.</summary>
    public static ulong? LockedMemory() => Soft(RlimitMemlock);

    /// <summary>Returns the soft limit on file descriptors, or null when it is unlimited or cannot be read.</summary>
    public static ulong? OpenFiles() => Soft(RlimitOpenFiles);

    private static ulong? Soft(int resource)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Limit limit;
        return getrlimit(resource, &limit) == 0 && limit.Soft != RlimInfinity ? limit.Soft : null;
    }

    /// <summary>Mirrors <c>struct rlimit</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
