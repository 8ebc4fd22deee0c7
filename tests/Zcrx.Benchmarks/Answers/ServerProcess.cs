using System.Diagnostics;
using System.Globalization;
using Zcrx.Benchmarks.Processes;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Answers;

/// <summary>Runs a server in a process of its own, so that its CPU time can be measured.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, string listening)
    {
        _process = process;
        Listening = listening;
    }

    /// <summary>Gets what the server has printed after "listening", such as its port.</summary>
    public string Listening { get; }

    public int Port => int.Parse(Listening, CultureInfo.InvariantCulture);

    public int Id => _process.Id;

    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Runs this program as a server in another process, and waits until it listens.</summary>
    public static Task<ServerProcess> StartAsync(params string[] arguments) => StartedAsync(ChildProcess.Start(arguments));

    /// <summary>Runs another program as a server, and waits until it listens.</summary>
    public static Task<ServerProcess> StartProgramAsync(string program, params string[] arguments) =>
        StartedAsync(ChildProcess.StartProgram(program, arguments));

    /// <summary>Sends a line to the server and waits for its answer.</summary>
    public async Task AskAsync(string line, string answer, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellation);
        string? received;
        do
        {
            received = await _process.StandardOutput.ReadLineAsync(cancellation) ?? throw new InvalidOperationException($"The server ended before it answered '{line}'.");
        }
        while (received != answer);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
    private static async Task<ServerProcess> StartedAsync(Process process) =>
        new(process, await ChildProcess.ReadLineAsync(process, ReceiverProgram.ListeningPrefix));
}
