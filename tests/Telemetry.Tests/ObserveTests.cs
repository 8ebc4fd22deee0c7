using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ingest.Tests.Support;
using Telemetry.Tests.Support;

namespace Telemetry.Tests;

/// <summary>Tests the script that runs the example together with Prometheus.</summary>
public sealed class ObserveTests
{
    [SkippableFact]
    public async Task Observe_script_loads_the_rules_scrapes_the_example_and_ends_both_programs()
    {
        Skip.IfNot(Curl.IsInstalled("prometheus"), "prometheus is not installed (Debian package prometheus)");
        const int Most = 5;
        bool isTaken;
        int attempt = 0;
        do
        {
            // Another process may use a port before the programs do. The script then ends, and the test tries other ports.
            isTaken = !await ObserveAsync(canRetry: ++attempt < Most);
        }
        while (isTaken);
    }

    [SkippableFact]
    public async Task Observe_script_ends_when_one_program_ends()
    {
        Skip.IfNot(Curl.IsInstalled("prometheus"), "prometheus is not installed (Debian package prometheus)");
        (string http, string ingest, string prometheus) = Addresses();
        using Process script = Start(http, ingest, prometheus, telemetry: "false");
        Task<string> output = script.StandardOutput.ReadToEndAsync();
        Task<string> errors = script.StandardError.ReadToEndAsync();
        try
        {
            await script.WaitForExitAsync().Within("the script ends");
        }
        finally
        {
            if (!script.HasExited)
            {
                Signals.Send(script.Id, Signals.Terminate);
            }
        }

        Assert.Equal(1, script.ExitCode);
        // The output ends only when Prometheus has ended, because it has inherited the pipes of the script.
        await output.Within("Prometheus ends");
        await errors.Within("Prometheus ends");
    }

    /// <summary>Runs the script, and waits until Prometheus reads the metrics of the example.</summary>
    /// <param name="canRetry">True if the caller can try other ports. A port in use then does not fail the test, and the result is
    /// false.</param>
    /// <returns>False if a port was in use.</returns>
    private static async Task<bool> ObserveAsync(bool canRetry)
    {
        (string http, string ingest, string prometheus) = Addresses();
        using Process script = Start(http, ingest, prometheus, $"dotnet exec {Path.Combine(AppContext.BaseDirectory, "Telemetry.dll")}");
        Task<string> output = script.StandardOutput.ReadToEndAsync();
        Task<string> errors = script.StandardError.ReadToEndAsync();
        try
        {
            using HttpClient client = new();
            // Prometheus has read the metrics when the target is up and the series of the emulated queues exist.
            await UntilFoundAsync(client, script, $"http://{prometheus}/api/v1/query?query=up{{job=\"zcrx\"}}==1");
            await UntilFoundAsync(client, script, $"http://{prometheus}/api/v1/query?query=zcrx_queue_open==1");
            // Prometheus must have loaded every rule and evaluated it without an error.
            string rules = "";
            await Deadline.UntilAsync(
                async () =>
                {
                    rules = await client.GetStringAsync(new Uri($"http://{prometheus}/api/v1/rules"));
                    JsonElement groups = JsonDocument.Parse(rules).RootElement.GetProperty("data").GetProperty("groups");
                    JsonElement[] all = [.. groups.EnumerateArray().SelectMany(static group => group.GetProperty("rules").EnumerateArray())];
                    return all.Length > 0 && all.All(static rule => rule.GetProperty("health").GetString() == "ok");
                },
                () => $"the rules are evaluated: {rules}");
        }
        catch (HttpRequestException) when (canRetry && script.HasExited)
        {
            string all = await output.Within("both programs end") + await errors.Within("both programs end");
            Assert.Contains("address already in use", all, StringComparison.OrdinalIgnoreCase);
            return false;
        }
        finally
        {
            if (!script.HasExited)
            {
                Signals.Send(script.Id, Signals.Terminate);
            }

            await script.WaitForExitAsync().Within("the script ends");
        }

        // The output ends only when both programs have ended, because they have inherited the pipes of the script.
        Assert.Equal(143, script.ExitCode);
        Assert.Contains($"http://{prometheus}/alerts", await output.Within("both programs end"), StringComparison.Ordinal);
        await errors.Within("both programs end");
        return true;
    }

    private static Process Start(string http, string ingest, string prometheus, string telemetry) =>
        Process.Start(new ProcessStartInfo("bash", [Path.Combine(RepositoryRoot(), "examples/Telemetry/observe.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = AppContext.BaseDirectory,
            Environment = { ["HTTP"] = http, ["INGEST"] = ingest, ["PROMETHEUS"] = prometheus, ["TELEMETRY"] = telemetry },
        })!;

    private static async Task UntilFoundAsync(HttpClient client, Process script, string query)
    {
        string reply = "";
        await Deadline.UntilAsync(
            async () =>
            {
                try
                {
                    reply = await client.GetStringAsync(new Uri(query));
                    return JsonDocument.Parse(reply).RootElement.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
                }
                catch (HttpRequestException) when (!script.HasExited)
                {
                    // Prometheus does not accept connections yet.
                    return false;
                }
            },
            () => $"{query} has a result: {reply}");
    }

    /// <summary>
    /// Returns three addresses with free ports. The programs cannot choose ports themselves, because the configuration of each contains the
    /// other's.
    /// </summary>
    private static (string Http, string Ingest, string Prometheus) Addresses()
    {
        Socket[] sockets = [.. Enumerable.Range(0, 3).Select(static _ =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return socket;
        })];
        string[] addresses = [.. sockets.Select(static socket => socket.LocalEndPoint!.ToString()!)];
        foreach (Socket socket in sockets)
        {
            socket.Dispose();
        }

        return (addresses[0], addresses[1], addresses[2]);
    }

    private static string RepositoryRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "build.sh")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new DirectoryNotFoundException("No parent directory contains build.sh.");
    }
}
