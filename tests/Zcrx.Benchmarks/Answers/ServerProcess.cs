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

    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<ServerProcess> StartAsync(params string[] arguments)
    {
        Process process = ChildProcess.Start(arguments);
        return new ServerProcess(process, await ChildProcess.ReadLineAsync(process, ReceiverProgram.ListeningPrefix));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
