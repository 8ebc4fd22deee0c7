using System.Collections.Concurrent;
using System.Diagnostics;
using Ingest.Tests.Support;

namespace Telemetry.Tests.Support;

/// <summary>Runs the example as a process. Its directory contains its configuration.</summary>
internal sealed class TelemetryProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private TelemetryProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _lines);

    /// <summary>Gets the URL under which the example serves HTTP.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Starts the example, which exports to the collector ten times a second.</summary>
    public static async Task<TelemetryProcess> StartAsync(string directory, OtlpReceiver collector)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Telemetry.dll")])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment =
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "100",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            },
        };

        TelemetryProcess process = new(Process.Start(start)!);
        const string Listening = "Now listening on: ";
        await Deadline.UntilAsync(
            () => process._lines.Any(static line => line.Contains(Listening, StringComparison.Ordinal)) || process._process.HasExited,
            () => $"the example serves\n{process.Output}");
        string line = process._lines.FirstOrDefault(static line => line.Contains(Listening, StringComparison.Ordinal)) ?? throw new InvalidOperationException(process.Output);
        process.Url = line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Trim();
        return process;
    }

    /// <summary>Sends SIGTERM as a service manager does, and returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Send(_process.Id, Signals.Terminate);
        await _process.WaitForExitAsync().WaitAsync(Deadline.Limit);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
