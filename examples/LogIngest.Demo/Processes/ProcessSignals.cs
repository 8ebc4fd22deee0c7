using System.ComponentModel;
using System.Runtime.InteropServices;

namespace LogIngest.Demo.Processes;

/// <summary>Sends signals to processes that this program has started.</summary>
internal static partial class ProcessSignals
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int processId, int signal)
    {
        if (SysKill(processId, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SysKill(int processId, int signal);
}
