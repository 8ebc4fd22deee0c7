using System.Diagnostics;
using System.Globalization;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Web;

/// <summary>Runs a web server in a separate process, so that its CPU time can be read.</summary>
internal sealed class WebServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly int[] _ports;

    private WebServerProcess(Process process, string line)
    {
        _process = process;
        string[] parts = line.Split(' ', 2);
        _ports = [.. parts[0].Split(',').Select(static port => int.Parse(port, CultureInfo.InvariantCulture))];
        Engine = parts[1];
    }

    public string Http1 => $"http://127.0.0.1:{_ports[0]}";

    public string Http2 => $"http://127.0.0.1:{_ports[1]}";

    public string Tls => $"https://127.0.0.1:{_ports[2]}";

    /// <summary>Gets the engine that the server uses, with its reason.</summary>
    public string Engine { get; }

    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<WebServerProcess> StartAsync(string kind)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, ["exec", typeof(WebServerProcess).Assembly.Location, "web-server", kind])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        Process process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ReceiverProgram.ListeningPrefix, StringComparison.Ordinal))
            {
                return new WebServerProcess(process, line[ReceiverProgram.ListeningPrefix.Length..]);
            }
        }

        throw new InvalidOperationException($"The web server of kind {kind} ended before it listened.");
    }

    /// <summary>Runs the server of this process until its standard input ends.</summary>
    public static async Task<int> ServeAsync(string kind)
    {
        (IReadOnlyList<int> ports, string engine) = await WebServers.StartAsync(kind);
        Console.WriteLine($"{ReceiverProgram.ListeningPrefix}{string.Join(',', ports)} {engine}");
        _ = await Console.In.ReadLineAsync();
        return 0;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
