using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Zcrx.Conformance.Support;
using Zcrx.Interop.Kernel;

namespace Zcrx.Conformance.Nic;

/// <summary>Opening sockets in another network namespace: a socket stays in the one in which it was made.</summary>
internal static partial class NetworkNamespace
{
    private const int CloneNewNet = 0x40000000;

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int setns(int fd, int type);

    /// <summary>Runs something in a namespace that <c>ip netns</c> knows, on a thread that ends with it.</summary>
    public static void Run(string name, Action action) => OtherThread.Run(() =>
    {
        using (SafeFileHandle handle = File.OpenHandle($"/run/netns/{name}"))
        {
            Results.Equal(0, Libc.Result(setns((int)handle.DangerousGetHandle(), CloneNewNet)));
        }

        action();
    });
}
