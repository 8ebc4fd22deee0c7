using System.Diagnostics;

namespace Ingest.Tests.Support;

/// <summary>Runs installed programs that are not part of Zcrx.</summary>
internal static class ForeignProgram
{
    /// <summary>Skips the test if a program is not installed. The message names the Debian package of the program.</summary>
    public static void Require(string program, string package) =>
        Skip.IfNot(Exists(program), $"{program} is not installed (Debian package {package})");

    /// <summary>Starts a shell command line.</summary>
    public static Process Start(string commandLine, params string[] arguments) =>
        Process.Start(new ProcessStartInfo("sh", ["-c", commandLine, "sh", .. arguments]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;

    /// <summary>Runs a shell command line and fails the test if its exit code is not 0.</summary>
    public static async Task RunAsync(string commandLine, params string[] arguments)
    {
        (int exitCode, string output) = await ExecuteAsync(commandLine, arguments);
        Assert.True(exitCode == 0, $"{commandLine} ended with {exitCode}: {output}");
    }

    /// <summary>Runs a shell command line and returns its exit code and its output.</summary>
    public static async Task<(int ExitCode, string Output)> ExecuteAsync(string commandLine, params string[] arguments)
    {
        using Process process = Start(commandLine, arguments);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            await Deadline.Within(Task.WhenAll(process.WaitForExitAsync(), output, error));
            return (process.ExitCode, $"{await output}{await error}".Trim());
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Determines whether a program is in a directory of PATH.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program)));
}
