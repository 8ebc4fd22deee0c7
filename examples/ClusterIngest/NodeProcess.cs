using System.Diagnostics;

namespace ClusterIngest;

/// <summary>Represents a node, which runs this program in a separate process.</summary>
internal sealed class NodeProcess : IDisposable
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(40);

    private readonly Process _process;
    private readonly TaskCompletionSource<string> _node = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private long[] _numbers = [0, 0, 0, 0, 0, 0];

    private NodeProcess(string name, Process process)
    {
        (Name, _process) = (name, process);
        _reading = Task.WhenAll(ReadAsync(), RelayErrorsAsync());
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>Gets the numbers that the node reported most recently.</summary>
    public long[] Numbers => Volatile.Read(ref _numbers);

    /// <summary>Gets the number of connections that the node has accepted, if it is an edge.</summary>
    public long Connections => Numbers[5];

    public bool HasEnded => _process.HasExited;

    /// <summary>Gets a task that completes with the address of the node when the node has joined the cluster.</summary>
    public Task<string> Node => _node.Task;

    /// <summary>Gets a task that completes with the address of the listener when the listener is bound.</summary>
    public Task<string> Port => _port.Task;

    /// <summary>Gets the command that starts this program.</summary>
    public static IReadOnlyList<string> Program
    {
        get
        {
            string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown, so it cannot start its nodes.");
            // If this program was started as `dotnet ClusterIngest.dll`, the process is `dotnet` and the program is its first argument.
            return Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
                ? [program, "exec", typeof(NodeProcess).Assembly.Location]
                : [program];
        }
    }

    /// <summary>Starts a node.</summary>
    /// <param name="name">The name of the node.</param>
    /// <param name="isIsolated">Whether the node runs in the network namespace of its name.</param>
    /// <param name="arguments">The arguments of this program.</param>
    public static NodeProcess Start(string name, bool isIsolated, IEnumerable<string> arguments)
    {
        // `ip` replaces itself with the program, so the process id is that of the program.
        string[] command = [.. isIsolated ? (string[])["ip", "netns", "exec", name] : [], .. Program, .. arguments];
        return new NodeProcess(name, Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!);
    }

    /// <summary>Sends a signal to a process.</summary>
    /// <param name="process">The process id.</param>
    /// <param name="signal">The name of the signal.</param>
    public static void Signal(int process, string signal)
    {
        using Process? kill = Process.Start("kill", [$"-{signal}", process.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
    }

    /// <summary>Stops the node in order and waits until it has ended.</summary>
    /// <returns>The exit code; null if the node did not end in time and was killed.</returns>
    public async Task<int?> StopAsync()
    {
        if (!_process.HasExited)
        {
            Signal(Id, "TERM");
        }

        return await WaitForExitAsync();
    }

    /// <summary>Waits until the node has ended.</summary>
    /// <returns>The exit code; null if the node did not end in time and was killed.</returns>
    public async Task<int?> WaitForExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(ExitTimeout);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            return null;
        }

        await _reading;
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            string[] parts = line.Split(' ', 2);
            switch (parts)
            {
                case ["node", var address]:
                    _node.TrySetResult(address);
                    break;
                case ["port", var address]:
                    _port.TrySetResult(address);
                    break;
                case ["edge" or "worker", var numbers]:
                    Volatile.Write(ref _numbers, NodeReport.Parse(numbers));
                    break;
                default:
                    await Console.Error.WriteLineAsync($"{Name}: {line}");
                    break;
            }
        }

        InvalidOperationException ended = new($"{Name} has ended before it was a member of the cluster. Its messages are above.");
        _node.TrySetException(ended);
        _port.TrySetException(ended);
    }

    private async Task RelayErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            await Console.Error.WriteLineAsync($"{Name}: {line}");
        }
    }
}
