using System.Diagnostics;

namespace LogIngest.Tests.Support;

/// <summary>Runs installed programs that are not part of Zcrx.</summary>
internal static class ForeignProgram
{
    /// <summary>Skips the test if a program is not installed. The message names the Debian package of the program.</summary>
    public static void Require(string program, string package) =>
        Skip.IfNot(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program))),
            $"{program} is not installed (Debian package {package})");

    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;

    /// <summary>Runs a program, and fails the test if its exit code is not 0.</summary>
    /// <returns>The output of the program.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            await Task.WhenAll(process.WaitForExitAsync(), output, error).Within($"{program} ends");
            Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {await output}{await error}");
            return $"{await output}{await error}";
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
