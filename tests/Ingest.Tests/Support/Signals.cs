using System.Globalization;
using System.Runtime.InteropServices;

namespace Ingest.Tests.Support;

/// <summary>Sends signals to processes that the test has started.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Stop = 19;
    private const nint DefaultAction = 0;
    private const nint SignalError = -1;

    public static void Send(int processId, int signal) => Assert.Equal(0, SysKill(processId, signal));

    /// <summary>Makes processes that the test starts later react to SIGINT, even if it is ignored now.</summary>
    /// <remarks>A shell without job control starts background jobs with SIGINT ignored. Child processes inherit that.</remarks>
    public static void StopIgnoringInterrupt()
    {
        const string Label = "SigIgn:";
        string ignored = File.ReadLines("/proc/self/status").First(static line => line.StartsWith(Label, StringComparison.Ordinal))[Label.Length..];
        if ((ulong.Parse(ignored, NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) & (1UL << (Interrupt - 1))) != 0)
        {
            Assert.NotEqual(SignalError, SysSignal(Interrupt, DefaultAction));
        }
    }

    /// <summary>Returns the ids of the child processes of a process.</summary>
    public static int[] ChildrenOf(int processId)
    {
        List<int> children = [];
        foreach (string task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
        {
            try
            {
                children.AddRange(File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse));
            }
            catch (IOException)
            {
                // The thread has ended after the directory was listed.
            }
        }

        return [.. children];
    }

    public static bool IsAlive(int processId) => Directory.Exists($"/proc/{processId}");

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SysKill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SysSignal(int signal, nint action);
}
