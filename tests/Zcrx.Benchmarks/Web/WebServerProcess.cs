using System.Globalization;
using Zcrx.Benchmarks.Answers;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Web;

/// <summary>Runs a web server in a separate process, so that its CPU time can be read.</summary>
internal sealed class WebServerProcess : IDisposable
{
    private readonly ServerProcess _process;
    private readonly int[] _ports;

    private WebServerProcess(ServerProcess process)
    {
        _process = process;
        string[] parts = process.Listening.Split(' ', 2);
        _ports = [.. parts[0].Split(',').Select(static port => int.Parse(port, CultureInfo.InvariantCulture))];
        Engine = parts[1];
    }

    public string Http1 => $"http://127.0.0.1:{_ports[0]}";

    public string Http2 => $"http://127.0.0.1:{_ports[1]}";

    public string Tls => $"https://127.0.0.1:{_ports[2]}";

    /// <summary>Gets the engine that the server uses, and the reason for it.</summary>
    public string Engine { get; }

    public TimeSpan CpuTime => _process.CpuTime;

    public static async Task<WebServerProcess> StartAsync(string kind) => new(await ServerProcess.StartAsync("web-server", kind));

    /// <summary>Runs a web server in this process, until standard input has a line or is closed.</summary>
    public static async Task<int> ServeAsync(string kind)
    {
        (IReadOnlyList<int> ports, string engine) = await WebServers.StartAsync(kind);
        Console.WriteLine($"{ReceiverProgram.ListeningPrefix}{string.Join(',', ports)} {engine}");
        _ = await Console.In.ReadLineAsync();
        return 0;
    }

    public void Dispose() => _process.Dispose();
}
