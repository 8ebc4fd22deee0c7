using System.Diagnostics;

namespace Zcrx.AspNetCore.Tests;

/// <summary>Runs installed client programs that do not use .NET.</summary>
internal static class ForeignProgram
{
    /// <summary>Runs a program and returns its standard output and standard error. Skips the test if the program is not installed.</summary>
    /// <param name="program">The program.</param>
    /// <param name="package">The Debian package that contains the program.</param>
    /// <param name="input">The standard input of the program. It stays open until the program ends.</param>
    /// <param name="arguments">The arguments.</param>
    public static async Task<string> RunAsync(string program, string package, string input, params string[] arguments)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
        Skip.If(path is null, $"{program} is missing: apt-get install {package}.");
        using Process process = Process.Start(new ProcessStartInfo(path, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            await process.StandardInput.WriteAsync(input);
            await process.StandardInput.FlushAsync();
            await process.WaitForExitAsync().Within($"{program} ends");
            string all = $"{await output}\n{await errors}";
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{all}");
            return all;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
