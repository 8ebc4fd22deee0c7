using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Zcrx.Stress.Tests;

/// <summary>
/// Runs each stress scenario in a process of its own, whose native heap glibc checks. <c>ZCRX_STRESS_SECONDS</c> sets the duration.
/// </summary>
public class StressTests
{
    private static readonly string[] LibraryDirectories = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64"];

    public static TheoryData<string> Scenarios => [.. StressRunner.Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Scenario_of_misuse_and_races_on_many_threads_passes(string scenario)
    {
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("ZCRX_STRESS_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) ? wanted : 2;
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Zcrx.Stress.dll"), "--seconds", seconds.ToString(CultureInfo.InvariantCulture), "--only", scenario },
        };
        CheckHeap(start.Environment);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(seconds + 120));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        string report = await output + await errors;
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {report}");
        Assert.Contains($"PASS {scenario} ", report, StringComparison.Ordinal);
        Assert.Contains("1 passed, 0 failed, ", report, StringComparison.Ordinal);
    }

    private static void CheckHeap(IDictionary<string, string?> environment)
    {
        environment["MALLOC_CHECK_"] = "3";
        environment["GLIBC_TUNABLES"] = "glibc.malloc.check=3";
        // The checks of the heap are in a library of their own since glibc 2.34. musl has no such checks.
        if (RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal))
        {
            return;
        }

        string? library = LibraryDirectories.Select(static directory => Path.Combine(directory, "libc_malloc_debug.so.0")).FirstOrDefault(File.Exists);
        if (library is not null)
        {
            environment["LD_PRELOAD"] = library;
        }
    }
}
