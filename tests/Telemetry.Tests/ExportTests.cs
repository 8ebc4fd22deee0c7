using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Telemetry.Tests.Support;

namespace Telemetry.Tests;

/// <summary>
/// Tests the example with programs that are not part of Zcrx. curl reads its health, and a collector receives its metrics and spans.
/// </summary>
public sealed class ExportTests : IDisposable
{
    private const int Clients = 4;
    private const int Sent = 1_000_000;
    private const string Queue = "enic0-0";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-telemetry-");

    public void Dispose() => _directory.Delete(recursive: true);

    [SkippableFact]
    public async Task Health_and_metrics_follow_a_storm_a_restart_and_a_bad_configuration()
    {
        Skip.IfNot(Curl.Exists, "curl is not installed (Debian package curl)");
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        Configure(drainTimeout: "00:00:05");
        using TelemetryProcess example = await TelemetryProcess.StartAsync(_directory.FullName, collector);
        await AssertHealthAsync(example, "ready", 200, "Healthy");
        await AssertHealthAsync(example, "live", 200, "Healthy");
        var status = (await Curl.JsonAsync($"{example.Url}/status")).Json;
        Assert.Equal(("Running", "Armed"), (status.GetProperty("state").GetString(), status.GetProperty("queues")[0].GetProperty("notifications").GetProperty("Copy").GetString()));
        var endPoint = IPEndPoint.Parse(status.GetProperty("listeners")[0].GetProperty("endPoint").GetString()!);
        Socket[] clients = [.. Enumerable.Range(0, Clients).Select(_ => Connect(endPoint))];
        try
        {
            // Without a storm, packets arrive on the RX queue of their connection.
            await SendAsync(clients);
            await collector.ReachAsync("zcrx.receive.io", Clients * Sent);
            await collector.ReachAsync("zcrx.connection.count", Clients, "zcrx.connection.state=active");
            Assert.Equal((Clients, 0, 2), (collector.Value("zcrx.connection.opened"), collector.Value("zcrx.copy.io"), collector.Value("zcrx.queue.open")));
            Assert.Equal(0, collector.Value("zcrx.queue.restarts", $"zcrx.queue.name={Queue}"));
            Assert.InRange(collector.Value("zcrx.receive.buffers")!.Value, (double)Clients * Sent / 4096, Clients * Sent);

            // A storm makes packets arrive on another RX queue. The kernel then copies their payload and reports that.
            Assert.Equal(200, (await Curl.RunAsync($"{example.Url}/storm", "POST")).Status);
            await SendAsync(clients);
            await collector.ReachAsync("zcrx.receive.io", 2 * Clients * Sent);
            await Deadline.UntilAsync(() => collector.Value("zcrx.notification.received", "zcrx.notification.type=copy") >= 1, () => $"the notification is exported\n{collector.Describe()}");
            Assert.InRange(collector.Value("zcrx.copy.io")!.Value, 1, Clients * Sent);
            Assert.Equal(200, (await Curl.RunAsync($"{example.Url}/storm", "DELETE")).Status);

            // After a restart, connections are resumed, and the counters do not start again.
            (int code, JsonElement restarted) = await Curl.JsonAsync($"{example.Url}/queues/{Queue}/restart", "POST");
            Assert.Equal((200, "Open", 1), (code, restarted.GetProperty("state").GetString(), restarted.GetProperty("restarts").GetInt32()));
            await SendAsync(clients);
            await collector.ReachAsync("zcrx.receive.io", 3 * Clients * Sent);
            await collector.ReachAsync("zcrx.queue.restarts", 1);
            await Deadline.UntilAsync(() => Restart(collector) is not null, () => "the restart is exported as a span");
            Assert.Equal("demand", Restart(collector)!.Attributes["zcrx.restart.trigger"]);
            await Deadline.UntilAsync(() => collector.Spans.Any(span => span.Name == "zcrx.queue.open" && span.ParentId == Restart(collector)!.Id), () => "and so is its opening");
            await AssertHealthAsync(example, "ready", 200, "Healthy");

            // After an invalid change of its configuration, the service continues and reports the error.
            Configure(drainTimeout: "soon");
            await HealthAsync(example, "Degraded");
            (_, JsonElement degraded) = await Curl.JsonAsync($"{example.Url}/health/ready");
            Assert.Equal("options_refused", degraded.GetProperty("checks").GetProperty("zcrx").GetProperty("data").GetProperty("reasons")[0].GetString());
            Assert.Contains("Zcrx:DrainTimeout: 'soon' is not a time span", degraded.GetProperty("checks").GetProperty("zcrx").GetProperty("description").GetString());
            await AssertHealthAsync(example, "live", 200, "Healthy");
            Configure(drainTimeout: "00:00:06");
            await HealthAsync(example, "Healthy");
        }
        finally
        {
            Array.ForEach(clients, static client => client.Dispose());
        }

        Assert.Equal(0, await example.StopAsync());
        Assert.Empty(collector.Failures);
        // The process exports for the last time when it ends.
        await collector.ReachAsync("zcrx.connection.count", 0, "zcrx.connection.state=active");
        Assert.Contains(collector.Spans, static span => span.Name == "zcrx.stop");
        Assert.Equal(("By", "By", "{buffer}", "s"), (collector.Units["zcrx.receive.io"], collector.Units["zcrx.copy.io"], collector.Units["zcrx.pool.limit"], collector.Units["zcrx.pool.pressure.time"]));
    }

    private void Configure(string drainTimeout)
    {
        // The file is replaced in one step, so that the service cannot read a half-written file.
        string file = Path.Combine(_directory.FullName, "appsettings.json");
        File.WriteAllText(file + ".new", $$"""
            {
              "Urls": "http://127.0.0.1:0",
              "DemoNic": true,
              "HttpOverZcrx": false,
              "Zcrx": {
                "DrainTimeout": "{{drainTimeout}}",
                "Listeners": [ { "Name": "ingest", "EndPoint": "127.0.0.1:0" } ]
              }
            }
            """);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static Socket Connect(IPEndPoint endPoint)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(endPoint);
        return socket;
    }

    private static Task SendAsync(Socket[] clients)
    {
        byte[] bytes = new byte[Sent];
        return Task.WhenAll(clients.Select(async client =>
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += await client.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(Deadline.Limit);
            }
        }));
    }

    private static OtlpSpan? Restart(OtlpReceiver collector) => collector.Spans.FirstOrDefault(static span => span.Name == "zcrx.queue.restart");

    private static Task HealthAsync(TelemetryProcess example, string expected) => Deadline.UntilAsync(
        async () => (await Curl.JsonAsync($"{example.Url}/health/ready")).Json.GetProperty("status").GetString() == expected,
        () => $"the example is {expected}\n{example.Output}");

    private static async Task AssertHealthAsync(TelemetryProcess example, string probe, int code, string expected)
    {
        (int status, JsonElement health) = await Curl.JsonAsync($"{example.Url}/health/{probe}");
        Assert.Equal((code, expected), (status, health.GetProperty("status").GetString()));
    }
}
