using System.Diagnostics;
using System.Globalization;
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
        ProcessStartInfo start = new(Environment.ProcessPath!, ["exec", typeof(ServerProcess).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        Process process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ReceiverProgram.ListeningPrefix, StringComparison.Ordinal))
            {
                return new ServerProcess(process, line[ReceiverProgram.ListeningPrefix.Length..]);
            }
        }

        throw new InvalidOperationException("The server ended before it listened.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
