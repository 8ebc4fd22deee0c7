using System.Diagnostics;

namespace Zcrx.Benchmarks.Processes;

/// <summary>Starts this program or another one in a separate process, with redirected input and output.</summary>
internal static class ChildProcess
{
    /// <summary>Starts this program with the given arguments.</summary>
    public static Process Start(params ReadOnlySpan<string> arguments)
    {
        // A published program is an executable. Otherwise, the command `dotnet` runs the assembly.
        string host = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(host) == "dotnet"
            ? StartProgram(host, ["exec", typeof(ChildProcess).Assembly.Location, .. arguments])
            : StartProgram(host, arguments);
    }

    /// <exception cref="InvalidOperationException">The program does not exist.</exception>
    public static Process StartProgram(string program, params ReadOnlySpan<string> arguments)
    {
        Limit.Require(program);
        ProcessStartInfo start = new(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>
    /// Waits for a line that starts with a prefix, and returns the rest of that line. Skips other lines, such as log messages.
    /// </summary>
    /// <exception cref="InvalidOperationException">The process ended first.</exception>
    public static async Task<string> ReadLineAsync(Process process, string prefix, CancellationToken cancellation = default)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
            {
                return line[prefix.Length..];
            }
        }

        throw new InvalidOperationException($"A process ended before it printed a line that starts with '{prefix}'. Its messages are above.");
    }
}
