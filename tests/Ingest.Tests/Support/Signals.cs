using System.Runtime.InteropServices;

namespace Ingest.Tests.Support;

/// <summary>Signals to processes that the test has started.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Stop = 19;

    public static void Send(int processId, int signal) => Assert.Equal(0, SysKill(processId, signal));

    /// <summary>The processes that a process has started.</summary>
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
                // The thread has ended meanwhile.
            }
        }

        return [.. children];
    }

    public static bool IsAlive(int processId) => Directory.Exists($"/proc/{processId}");

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SysKill(int processId, int signal);
}
