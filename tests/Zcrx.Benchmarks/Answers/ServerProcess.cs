using System.Diagnostics;
using System.Globalization;
using Zcrx.Benchmarks.Processes;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Answers;

/// <summary>Runs a server in a separate process, which makes its CPU time measurable.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, string listening)
    {
        _process = process;
        Listening = listening;
    }

    /// <summary>Gets the rest of the line with which the server reports that it listens.</summary>
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

    /// <summary>Runs this program in another process.</summary>
    public static Task<ServerProcess> StartAsync(params string[] arguments) => StartedAsync(ChildProcess.Start(arguments));

    /// <summary>Runs a program and waits until it listens.</summary>
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
