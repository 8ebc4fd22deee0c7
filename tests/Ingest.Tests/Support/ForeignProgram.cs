using System.Diagnostics;

namespace Ingest.Tests.Support;

/// <summary>A program of the machine that can send over TCP.</summary>
internal static class ForeignProgram
{
    /// <summary>Whether the machine has it.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program)));

    /// <summary>Starts a shell command line.</summary>
    public static Process Start(string commandLine, params string[] arguments) =>
        Process.Start(new ProcessStartInfo("sh", ["-c", commandLine, "sh", .. arguments]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;

    /// <summary>Runs a shell command line to its end, which must be a good one.</summary>
    public static async Task RunAsync(string commandLine, params string[] arguments)
    {
        using Process process = Start(commandLine, arguments);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            await Deadline.Within(Task.WhenAll(process.WaitForExitAsync(), output, error));
            Assert.True(process.ExitCode == 0, $"{commandLine} ended with {process.ExitCode}: {await output}{await error}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
