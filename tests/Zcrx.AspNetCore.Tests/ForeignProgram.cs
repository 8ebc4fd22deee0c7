using System.Diagnostics;

namespace Zcrx.AspNetCore.Tests;

/// <summary>Runs installed client programs that do not use .NET.</summary>
internal static class ForeignProgram
{
    /// <summary>Runs a Python script of these tests, and returns its output. Skips the test if a Python module is not installed.</summary>
    /// <param name="module">The module that the script imports.</param>
    /// <param name="package">The Debian package that contains the module.</param>
    /// <param name="script">The file name of the script.</param>
    /// <param name="input">The text for the standard input of the script. It is sent as one line, with each line break as
    /// <c>\n</c>.</param>
    /// <param name="arguments">The command line arguments of the script.</param>
    public static async Task<string> RunPythonAsync(string module, string package, string script, string input, params string[] arguments)
    {
        // Debian's packages install modules for Debian's own Python. PATH may list another Python first.
        const string Python = "/usr/bin/python3";
        Skip.IfNot(File.Exists(Python), $"{Python} is missing: apt-get install {package}.");
        using Process import = Process.Start(new ProcessStartInfo(Python, ["-c", $"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)"]) { UseShellExecute = false })!;
        await import.WaitForExitAsync().Within("Python looks for the module");
        Skip.IfNot(import.ExitCode == 0, $"The Python module {module} is missing: apt-get install {package}.");
        string path = Path.Combine(AppContext.BaseDirectory, "Clients", script);
        string line = input.Replace("\n", "\\n", StringComparison.Ordinal) + "\n";
        return await RunAsync(Python, package, line, ["-X", "utf8", path, .. arguments]);
    }

    /// <summary>
    /// Runs a program and returns its standard output and standard error. Skips the test if the program is not installed.
    /// </summary>
    /// <param name="program">The name of the program.</param>
    /// <param name="package">The Debian package that contains the program.</param>
    /// <param name="input">The text for the standard input of the program, which stays open until the program ends.</param>
    /// <param name="arguments">The command line arguments of the program.</param>
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
