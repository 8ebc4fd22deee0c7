using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ClusterIngest.Tests;

/// <summary>Runs the demo as a process. The disposal kills it and all processes that it has started.</summary>
internal sealed partial class DemoProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Task _reading;

    private DemoProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _lines), ReadAsync(process.StandardError, _errors));
    }

    public static DemoProcess Start(params string[] arguments) => new(Process.Start(
        new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "ClusterIngest.dll"), "demo", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!);

    /// <summary>Waits for a line on standard output.</summary>
    public Task<string> LineAsync(Func<string, bool> which, string expectation) => LineAsync(_lines, which, expectation);

    /// <summary>Waits for a line on standard error, to which the nodes write their logs.</summary>
    public Task<string> LogAsync(Func<string, bool> which, string expectation) => LineAsync(_errors, which, expectation);

    /// <summary>Sends a signal to the demo.</summary>
    public Task SignalAsync(string signal) => KillAsync(signal, _process.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits until the demo has made some progress, and then sends a signal to a node.</summary>
    /// <param name="node">The name of the node.</param>
    /// <param name="signal">The name of the signal.</param>
    /// <param name="when">Returns true when the signal must be sent. The arguments are the numbers of frames that were sent and
    /// taken.</param>
    public Task SignalAsync(string node, string signal, Func<int, int, bool> when) => SignalAsync(
        node, signal, line => Progress().Match(line) is { Success: true } match && when(Number(match, "sent"), Number(match, "first") + Number(match, "second")));

    /// <summary>Waits for a line on standard output, and then sends a signal to a node.</summary>
    public async Task SignalAsync(string node, string signal, Func<string, bool> which)
    {
        string nodes = await LineAsync(static line => line.StartsWith("Nodes ", StringComparison.Ordinal), "the nodes are members");
        string id = nodes.Split($"{node} (process ")[1].Split(')')[0];
        await LineAsync(which, $"the moment of {signal} to {node}");
        await KillAsync(signal, id);
    }

    /// <summary>Waits until the demo ends. Returns its exit code and its last two lines, which are the numbers and the verdict.</summary>
    public async Task<(int Code, string Numbers, string Verdict)> EndAsync()
    {
        await Task.WhenAll(_process.WaitForExitAsync(), _reading).Within($"the demo ends\n{Describe()}");
        string[] lines = [.. _lines];
        Assert.True(lines.Length > 1, Describe());
        return (_process.ExitCode, lines[^2], lines[^1]);
    }

    public string Describe() => $"standard output:\n{string.Join('\n', _lines)}\nstandard error:\n{string.Join('\n', _errors)}";

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"sent (?<sent>[\d,]+) of .* worker-1 \w+ (?<first>[\d,]+)  worker-2 \w+ (?<second>[\d,]+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Progress();

    private static async Task KillAsync(string signal, string process)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process]);
        await kill.WaitForExitAsync().Within();
        Assert.Equal(0, kill.ExitCode);
    }

    private static int Number(Match match, string name) => int.Parse(match.Groups[name].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private async Task<string> LineAsync(ConcurrentQueue<string> lines, Func<string, bool> which, string expectation)
    {
        string? found = null;
        await Deadline.UntilAsync(() => (found = lines.FirstOrDefault(which)) is not null || _process.HasExited, () => $"{expectation}\n{Describe()}");
        Assert.True(found is not null, $"{expectation}: the demo has ended before\n{Describe()}");
        return found;
    }

    private static async Task ReadAsync(StreamReader reader, ConcurrentQueue<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
        }
    }
}
