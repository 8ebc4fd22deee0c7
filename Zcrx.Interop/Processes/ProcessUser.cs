using System.Runtime.InteropServices;

namespace Zcrx.Interop.Processes;

/// <summary>Provides the effective user of this process.</summary>
internal static partial class ProcessUser
{
    public static uint Id => geteuid();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint geteuid();
}
