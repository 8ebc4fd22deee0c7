using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ClusterIngest;

/// <summary>
/// Runs this program again in new namespaces of Linux. There it may create networks without privileges. The networks end with the
/// namespaces.
/// </summary>
internal static class IsolatedDemo
{
    // `ip netns` keeps its namespaces below /run, so the script mounts a separate /run.
    private const string Script = "mount -t tmpfs none /run && exec \"$@\"";

    /// <summary>Runs this program in the new namespaces, with the given arguments and the same input and output.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using Process demo = Process.Start(new ProcessStartInfo(
            "unshare", ["--user", "--map-root-user", "--net", "--mount", "sh", "-c", Script, "demo", .. NodeProcess.Program, .. arguments])
        {
            UseShellExecute = false,
        })!;
        // unshare and sh replace themselves with the program, so the process id is that of the program.
        await using CancellationTokenRegistration stop = cancellationToken.Register(() => NodeProcess.Signal(demo.Id, "TERM"));
        using PosixSignalRegistration heal = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => NodeProcess.Signal(demo.Id, "CONT"));
        await demo.WaitForExitAsync(CancellationToken.None);
        return demo.ExitCode;
    }
}
