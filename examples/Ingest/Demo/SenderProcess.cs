using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Ingest.Sending;

namespace Ingest.Demo;

/// <summary>
/// Runs this program as the sender in a separate process, so that its bytes arrive like those of any client.
/// </summary>
internal sealed class SenderProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<SentStream> _streams = new();
    private readonly ConcurrentQueue<string> _complaints = new();

    private SenderProcess(Process process)
    {
        _process = process;
        Completion = CompleteAsync();
    }

    /// <summary>Gets the streams that the sender has reported so far.</summary>
    public IReadOnlyCollection<SentStream> Streams => _streams;

    /// <summary>Gets the lines that the sender wrote to standard error.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>Gets a task that completes with the exit code of the process after all of its output has been read.</summary>
    public Task<int> Completion { get; }

    public static SenderProcess Start(IPEndPoint to, DemoOptions options)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("the path of this program is unknown, so it cannot be started again");
        ProcessStartInfo start = new(options.SenderNamespace is null ? program : "ip")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        if (options.SenderNamespace is { } name)
        {
            foreach (string argument in (string[])["netns", "exec", name, program])
            {
                start.ArgumentList.Add(argument);
            }
        }

        // If this program was started as `dotnet Ingest.dll`, the process is `dotnet` and the program is its first argument.
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Ingest.dll"));
        }

        string[] arguments =
        [
            "send",
            "--to", to.ToString(),
            "--connections", options.Connections.ToString(CultureInfo.InvariantCulture),
            "--volume", options.Volume.ToString(CultureInfo.InvariantCulture),
            "--seed", options.Seed.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        if (options.SenderPace is { } pace)
        {
            start.ArgumentList.Add("--pace");
            start.ArgumentList.Add(pace.ToString(CultureInfo.InvariantCulture));
        }

        if (options.Storm is not null)
        {
            start.ArgumentList.Add("--until-eof");
        }

        return new SenderProcess(Process.Start(start)!);
    }

    /// <summary>Makes a sender that runs during a storm end its streams in order.</summary>
    public void EndStreams() => _process.StandardInput.Close();

    /// <summary>Kills the process if it has not ended by itself.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private async Task<int> CompleteAsync()
    {
        await Task.WhenAll(
            ReadAsync(_process.StandardOutput, line =>
            {
                if (SentStream.Parse(line) is { } stream)
                {
                    _streams.Enqueue(stream);
                }
            }),
            ReadAsync(_process.StandardError, _complaints.Enqueue));
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            take(line);
        }
    }
}
