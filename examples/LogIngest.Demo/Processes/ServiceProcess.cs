using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using LogIngest.Reporting;
using Zcrx.Rx;

namespace LogIngest.Demo.Processes;

/// <summary>Represents the service in a separate process.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly HttpClient _client = new();
    private readonly ConcurrentQueue<string> _lines = new();

    private ServiceProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Gets the address on which the service receives messages.</summary>
    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>Gets the address of the dashboard.</summary>
    public Uri Page => new(_client.BaseAddress!, "/zcrx");

    /// <summary>Gets the output of the service.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>Starts the service and returns when it accepts messages.</summary>
    /// <param name="listen">The address to listen on; port 0 for any port.</param>
    /// <param name="arguments">Additional arguments of the service's command line.</param>
    public static Task<ServiceProcess> StartAsync(string listen, params string[] arguments) => StartFromAsync(AppContext.BaseDirectory, listen, arguments);

    /// <summary>Starts another version of the service and returns when it accepts messages.</summary>
    /// <param name="directory">The directory of the program.</param>
    /// <param name="listen">The address to listen on.</param>
    /// <param name="arguments">Additional arguments of the service's command line.</param>
    public static async Task<ServiceProcess> StartFromAsync(string directory, string listen, params string[] arguments)
    {
        const string Listening = "Now listening on: ";
        string[] command = ["exec", Path.Combine(directory, "LogIngest.dll"), "--listen", listen, "--Urls", "http://127.0.0.1:0", .. arguments];
        ServiceProcess service = new(Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!);
        try
        {
            long began = Stopwatch.GetTimestamp();
            using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(20));
            string? line;
            while ((line = service._lines.FirstOrDefault(static line => line.Contains(Listening, StringComparison.Ordinal))) is null)
            {
                if (service._process.HasExited || Stopwatch.GetElapsedTime(began) > StartLimit)
                {
                    throw new InvalidOperationException($"The service did not start:\n{service.Output}");
                }

                await pause.WaitForNextTickAsync();
            }

            service._client.BaseAddress = new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Trim());
            service.EndPoint = IPEndPoint.Parse((await service.GetStatusAsync()).EndPoint!);
            return service;
        }
        catch
        {
            service.Dispose();
            throw;
        }
    }

    public async Task<IngestStatus> GetStatusAsync() => (await _client.GetFromJsonAsync<IngestStatus>("/status"))!;

    /// <summary>Returns the response of the readiness check.</summary>
    public Task<string> GetHealthAsync() => GetTextAsync("/health/ready");

    /// <summary>Returns the figures in the metrics and on the dashboard.</summary>
    public async Task<PublishedState> GetPublishedStateAsync() =>
        PublishedState.From(
            await GetTextAsync("/metrics"),
            await GetTextAsync($"/zcrx/api/connections?state={ZcrxConnectionState.Paused}"),
            await GetTextAsync($"/zcrx/api/connections?state={ZcrxConnectionState.PausedByPressure}"));

    /// <summary>Kills the service with SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(StopLimit);
    }

    /// <summary>Stops the service with SIGTERM and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        ProcessSignals.Send(_process.Id, ProcessSignals.Terminate);
        await _process.WaitForExitAsync().WaitAsync(StopLimit);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        _client.Dispose();
    }

    private async Task<string> GetTextAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }
}
