using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Telemetry.Tests.Support;

namespace Telemetry.Tests;

/// <summary>
/// Tests what curl and a collector observe under constant load: storms, crashes, restarts, and an interface that is removed and added.
/// </summary>
public sealed class UnderLoadTests : IDisposable
{
    private const int Clients = 4;
    private const string First = "enic0-0";
    private const string Second = "enic0-1";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-telemetry-");

    public void Dispose() => _directory.Delete(recursive: true);

    [SkippableFact]
    public async Task Metrics_and_health_follow_a_storm_without_a_remedy_and_queues_that_fail_and_return()
    {
        Skip.IfNot(Curl.Exists, "curl is not installed (Debian package curl)");
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        // The back-off of an hour keeps a failed queue closed until the test requests a restart.
        using TelemetryProcess example = await StartAsync(collector, """ "Steering": "forbidden" """, """ "MinBackoff": "01:00:00", "MaxBackoff": "01:00:00" """);
        await using Traffic traffic = new(await EndPointAsync(example), Clients);
        await HealthAsync(example, "ready", 200, "Healthy");

        // Without a storm, packets arrive on the RX queue of their connection.
        await CopiedShareAsync(collector, example, static share => share == 0, "nothing is copied");
        Assert.Equal((2, 0), (collector.Value("zcrx.queue.open"), collector.Value("zcrx.rebalancing.degraded")));

        // In a storm, packets arrive on another RX queue. Steering is forbidden, so all payload is copied. The service reports that and
        // stays alive.
        await PostAsync(example, "storm");
        await CopiedShareAsync(collector, example, static share => share > 0.9, "it is copied");
        JsonElement degraded = await HealthAsync(example, "ready", 200, "Degraded", "connections_degraded");
        Assert.Contains("copied", degraded.GetProperty("checks").GetProperty("zcrx").GetProperty("description").GetString());
        await HealthAsync(example, "live", 200, "Healthy");
        await collector.ReachAsync("zcrx.rebalancing.degraded", Clients);
        Assert.True(collector.Value("zcrx.notification.received", "zcrx.notification.type=copy") >= 1, collector.Describe());

        // After the storm, every value returns to normal.
        Assert.Equal(200, (await Curl.RunAsync($"{example.Url}/storm", "DELETE")).Status);
        await CopiedShareAsync(collector, example, static share => share == 0, "nothing is copied any more");
        await HealthAsync(example, "ready", 200, "Healthy");
        await collector.ReachAsync("zcrx.rebalancing.degraded", 0);
        Assert.Equal((0, 0), (traffic.Resets, collector.Value("zcrx.queue.restarts")));

        // Requests the restart of a queue under load.
        (string busy, string other) = await BusierAsync(example);
        (int code, JsonElement restarted) = await Curl.JsonAsync($"{example.Url}/queues/{busy}/restart", "POST");
        Assert.Equal((200, "Open", 1), (code, restarted.GetProperty("state").GetString(), restarted.GetProperty("restarts").GetInt32()));
        await collector.ReachAsync("zcrx.queue.restarts", 1, $"zcrx.queue.name={busy}");
        await HealthAsync(example, "ready", 200, "Healthy");
        await CopiedShareAsync(collector, example, static share => share == 0, "it continues without a copy");

        // Breaks a ring. The other queue receives for all connections, and only the readiness is degraded.
        (busy, other) = await BusierAsync(example);
        double restarts = collector.Value("zcrx.queue.restarts")!.Value;
        await PostAsync(example, $"queues/{busy}/crash");
        await HealthAsync(example, "ready", 200, "Degraded", $"queue_restarting:{busy}");
        await HealthAsync(example, "live", 200, "Healthy");
        await collector.ReachAsync("zcrx.queue.open", 1);
        await ReceivesAsync(collector, other, example);
        Assert.Equal(restarts, collector.Value("zcrx.queue.restarts"));
        await PostAsync(example, $"queues/{busy}/restart");
        await collector.ReachAsync("zcrx.queue.restarts", restarts + 1);
        await collector.ReachAsync("zcrx.queue.open", 2);
        await HealthAsync(example, "ready", 200, "Healthy");

        // Removes the interface. No queue receives then, and no restart can succeed.
        Assert.Equal(200, (await Curl.RunAsync($"{example.Url}/interface", "DELETE")).Status);
        await HealthAsync(example, "ready", 503, "Unhealthy", $"queue_failed:{First}", $"queue_failed:{Second}");
        await HealthAsync(example, "live", 503, "Unhealthy");
        await collector.ReachAsync("zcrx.queue.open", 0);
        (int refused, string why) = await Curl.RunAsync($"{example.Url}/queues/{First}/restart", "POST");
        Assert.Equal(503, refused);
        Assert.Contains("enic0", why);

        // Adds the interface again. Every value returns to normal.
        await PostAsync(example, "interface");
        await PostAsync(example, $"queues/{First}/restart");
        await HealthAsync(example, "ready", 200, "Degraded", $"queue_failed:{Second}");
        await HealthAsync(example, "live", 200, "Healthy");
        await PostAsync(example, $"queues/{Second}/restart");
        await HealthAsync(example, "ready", 200, "Healthy");
        await collector.ReachAsync("zcrx.queue.open", 2);
        await collector.ReachAsync("zcrx.queue.restarts", restarts + 3);
        await collector.ReachAsync("zcrx.connection.count", Clients, "zcrx.connection.state=active");
        await CopiedShareAsync(collector, example, static share => share == 0, "nothing is copied again");

        await traffic.StopAsync();
        await collector.ReachAsync("zcrx.connection.count", 0, "zcrx.connection.state=active");
        await collector.ReachAsync("zcrx.pool.usage", 0);
        Assert.InRange(collector.Value("zcrx.receive.io")!.Value, 1, traffic.Sent);
        Assert.InRange(collector.Value("zcrx.copy.io")!.Value, 1, collector.Value("zcrx.receive.io")!.Value);
        Assert.Equal(Clients + traffic.Resets, collector.Value("zcrx.connection.opened"));
        (int unknown, string message) = await Curl.RunAsync($"{example.Url}/queues/eth9/restart", "POST");
        Assert.Equal((404, true), (unknown, message.Contains($"{First}, {Second}", StringComparison.Ordinal)));
        Assert.Equal(0, await example.StopAsync());
        // The collector has recorded a failure if a counter has decreased, for example at a restart.
        Assert.Empty(collector.Failures);
    }

    [SkippableFact]
    public async Task Storm_that_steering_ends_appears_in_metrics_and_not_in_health()
    {
        Skip.IfNot(Curl.Exists, "curl is not installed (Debian package curl)");
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using TelemetryProcess example = await StartAsync(collector, """ "Steering": "flow-rules" """, "");
        await using Traffic traffic = new(await EndPointAsync(example), Clients);
        await CopiedShareAsync(collector, example, static share => share == 0, "nothing is copied");

        await PostAsync(example, "storm");

        // The storm continues, but flow rules steer the packets back, so nothing is copied.
        await collector.ReachAsync("zcrx.rebalancing.rules", Clients);
        await CopiedShareAsync(collector, example, static share => share == 0, "nothing is copied any more");
        Assert.True(collector.Value("zcrx.copy.io") > 0, collector.Describe());
        Assert.Equal(Clients, collector.Value("zcrx.rebalancing.steerings"));
        await HealthAsync(example, "ready", 200, "Healthy");
        Assert.Equal(0, traffic.Resets);

        // When connections end, their rules must be removed.
        await traffic.StopAsync();
        await collector.ReachAsync("zcrx.rebalancing.rules", 0);
        await collector.ReachAsync("zcrx.receive.io", traffic.Sent);
        Assert.Equal(0, await example.StopAsync());
        Assert.Empty(collector.Failures);
    }

    private Task<TelemetryProcess> StartAsync(OtlpReceiver collector, string rebalancing, string restart)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "appsettings.json"), $$"""
            {
              "Urls": "http://127.0.0.1:0",
              "DemoNic": true,
              "HttpOverZcrx": false,
              "Zcrx": {
                "DrainTimeout": "00:00:05",
                "Listeners": [ { "Name": "ingest", "EndPoint": "127.0.0.1:0" } ],
                "Rebalancing": { "SampleInterval": "00:00:00.1", "CoolDown": "00:00:00.2", {{rebalancing}} },
                "Restart": { {{restart}} }
              }
            }
            """);
        return TelemetryProcess.StartAsync(_directory.FullName, collector);
    }

    private static async Task<IPEndPoint> EndPointAsync(TelemetryProcess example) =>
        IPEndPoint.Parse((await Curl.JsonAsync($"{example.Url}/status")).Json.GetProperty("listeners")[0].GetProperty("endPoint").GetString()!);

    /// <summary>Returns the name of the queue with the most connections, and that of the other queue.</summary>
    private static async Task<(string Busy, string Other)> BusierAsync(TelemetryProcess example)
    {
        JsonElement queues = (await Curl.JsonAsync($"{example.Url}/status")).Json.GetProperty("queues");
        return queues[0].GetProperty("connections").GetArrayLength() > queues[1].GetProperty("connections").GetArrayLength() ? (First, Second) : (Second, First);
    }

    private static async Task PostAsync(TelemetryProcess example, string path)
    {
        (int status, string body) = await Curl.RunAsync($"{example.Url}/{path}", "POST");
        Assert.True(status == 200, $"POST /{path}: {status} {body}\n{example.Output}");
    }

    /// <summary>Waits until the share of copied bytes meets a condition. The share is that of the bytes between two exports.</summary>
    private static async Task CopiedShareAsync(OtlpReceiver collector, TelemetryProcess example, Predicate<double> wanted, string expectation)
    {
        const double Enough = 2_000_000;
        ImmutableDictionary<string, double> before = collector.Values;
        double share = double.NaN;
        await Deadline.UntilAsync(
            () =>
            {
                ImmutableDictionary<string, double> now = collector.Values;
                double received = Growth("zcrx.receive.io");
                if (received < Enough)
                {
                    return false;
                }

                share = Growth("zcrx.copy.io") / received;
                before = now;
                // An export reads the received bytes slightly before the copied bytes, so the share may exceed 1. A value far above 1 would
                // be a double count.
                Assert.InRange(share, 0, 1.5);
                return wanted(share);

                double Growth(string metric) => (OtlpReceiver.Value(now, metric) ?? 0) - (OtlpReceiver.Value(before, metric) ?? 0);
            },
            () => $"{expectation}; the copied share is {share}\n{collector.Describe()}\n{example.Output}");
    }

    /// <summary>Waits until a queue has received more bytes.</summary>
    private static async Task ReceivesAsync(OtlpReceiver collector, string queue, TelemetryProcess example)
    {
        double before = Received();
        await Deadline.UntilAsync(() => Received() > before, () => $"{queue} receives\n{collector.Describe()}\n{example.Output}");

        double Received() => collector.Value("zcrx.receive.io", $"zcrx.queue.name={queue}") ?? 0;
    }

    /// <summary>Waits until a health probe returns this code, status and reasons.</summary>
    private static async Task<JsonElement> HealthAsync(TelemetryProcess example, string probe, int code, string expected, params string[] reasons)
    {
        (int Status, JsonElement Json) answer = default;
        await Deadline.UntilAsync(
            async () =>
            {
                answer = await Curl.JsonAsync($"{example.Url}/health/{probe}");
                return answer.Status == code && answer.Json.GetProperty("status").GetString() == expected && (probe == "live" || AreThese(Reasons(answer.Json)));
            },
            () => $"/health/{probe} is {code} {expected} {string.Join(", ", reasons)}, and not {answer.Status} {answer.Json}\n{example.Output}");
        return answer.Json;

        // Further reasons are allowed. While a connection is on another queue than the one on which its packets arrive, its payload is
        // copied.
        bool AreThese(string[] present) => reasons.Length == 0 ? present.Length == 0 : reasons.All(present.Contains);
    }

    private static string[] Reasons(JsonElement health) =>
        [.. health.GetProperty("checks").GetProperty("zcrx").GetProperty("data").GetProperty("reasons").EnumerateArray().Select(static reason => reason.GetString()!)];
}
