using System.Net;
using System.Text.Json;
using Telemetry.Tests.Support;

namespace Telemetry.Tests;

/// <summary>
/// Tests that the example serves Prometheus and the dashboard. Endpoints that change state must refuse requests that a page of another site
/// can send.
/// </summary>
public sealed class ProtectionTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-telemetry-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Command_from_a_page_of_another_site_is_refused_and_one_of_a_local_program_is_executed()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using TelemetryProcess example = await StartAsync(collector);
        using HttpClient client = new() { Timeout = Deadline.Limit };

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(origin: "https://attacker.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(origin: "null"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(host: "attacker.example"));
        foreach ((string, string) header in new[] { ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Host", "zcrx.example"), ("Forwarded", "for=192.0.2.1"), ("X-Real-IP", "192.0.2.1"), ("Via", "1.1 proxy") })
        {
            Assert.Equal((header, HttpStatusCode.Forbidden), (header, await SendAsync(proxy: header)));
        }

        Assert.Equal(HttpStatusCode.OK, await SendAsync(origin: example.Url));
        Assert.Equal(HttpStatusCode.OK, await SendAsync());

        async Task<HttpStatusCode> SendAsync(string? origin = null, string? host = null, (string Name, string Value)? proxy = null)
        {
            HttpStatusCode[] answers = await Task.WhenAll(new[] { "/storm", "/queues/enic0-0/restart", "/queues/enic0-0/crash" }.Take(origin is null && host is null && proxy is null ? 1 : 2).Select(async path =>
            {
                using HttpRequestMessage request = new(HttpMethod.Post, example.Url + path);
                request.Headers.Host = host;
                if (origin is not null)
                {
                    request.Headers.Add("Origin", origin);
                }

                if (proxy is { } header)
                {
                    request.Headers.Add(header.Name, header.Value);
                }

                using HttpResponseMessage response = await client.SendAsync(request);
                return response.StatusCode;
            }));
            return Assert.Single(answers.Distinct());
        }
    }

    [Fact]
    public async Task Metrics_are_served_for_Prometheus_under_the_names_that_the_alert_rules_use()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using TelemetryProcess example = await StartAsync(collector);
        using HttpClient client = new() { Timeout = Deadline.Limit };

        string metrics = await client.GetStringAsync(new Uri($"{example.Url}/metrics"));

        foreach (string name in new[]
        {
            "zcrx_receive_io_bytes_total{", "zcrx_copy_io_bytes_total{", "zcrx_queue_restarts_total{", "zcrx_pool_pressure_time_seconds_total{", "zcrx_ring_busy_seconds_total{", "zcrx_ring_turns_total{", "zcrx_ring_turn_buckets_total{",
            "zcrx_pool_usage{", "zcrx_pool_limit{", "zcrx_queue_storm{", "zcrx_queue_stuck{", "zcrx_connection_stalled{", "zcrx_queue_descriptor_waits{", "zcrx_rebalancing_degraded", "zcrx_listener_accepted_total{",
        })
        {
            Assert.Contains($"\n{name}", metrics, StringComparison.Ordinal);
        }

        Assert.Equal(1, Value("zcrx_queue_open", "zcrx_queue_name=\"enic0-0\"", "zcrx_engine=\"emulated\"", "network_interface_name=\"enic0\"", "zcrx_rx_queue=\"0\""));
        Assert.Equal(1, Value("zcrx_pool_pressure", "zcrx_queue_name=\"enic0-0\"", "zcrx_pool_state=\"normal\""));
        Assert.Equal(0, Value("zcrx_pool_pressure", "zcrx_queue_name=\"enic0-0\"", "zcrx_pool_state=\"exhausted\""));

        double Value(string name, params string[] labels)
        {
            string line = Assert.Single(metrics.Split('\n'), line => line.StartsWith($"{name}{{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));
            // The value follows the labels, and a timestamp may follow the value.
            return double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task Http_is_received_by_the_queues_and_survives_their_restarts()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using TelemetryProcess example = await StartAsync(collector);
        using HttpClient client = new() { Timeout = Deadline.Limit };

        JsonElement status = await StatusAsync();
        Assert.Equal(["ingest", "kestrel-0"], status.GetProperty("listeners").EnumerateArray().Select(static listener => listener.GetProperty("name").GetString()));
        JsonElement own = Assert.Single(status.GetProperty("queues").EnumerateArray().SelectMany(static queue => queue.GetProperty("connections").EnumerateArray()));
        Assert.Equal("kestrel-0", own.GetProperty("listener").GetString());

        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(new Uri($"{example.Url}/queues/enic0-0/restart"), null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(new Uri($"{example.Url}/queues/enic0-1/restart"), null)).StatusCode);

        // The listener has accepted one connection only, so the restarts have not interrupted it.
        status = await StatusAsync();
        Assert.Equal(1, status.GetProperty("listeners")[1].GetProperty("accepted").GetInt64());
        using HttpResponseMessage removal = await client.DeleteAsync(new Uri($"{example.Url}/interface"));
        Assert.Equal(HttpStatusCode.Conflict, removal.StatusCode);
        Assert.Contains("HttpOverZcrx=false", await removal.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        async Task<JsonElement> StatusAsync()
        {
            using JsonDocument answer = JsonDocument.Parse(await client.GetStringAsync(new Uri($"{example.Url}/status")));
            return answer.RootElement.Clone();
        }
    }

    [Fact]
    public async Task Dashboard_is_served_to_this_machine()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using TelemetryProcess example = await StartAsync(collector);
        using HttpClient client = new() { Timeout = Deadline.Limit };

        Assert.Contains("<title>Zcrx</title>", await client.GetStringAsync(new Uri($"{example.Url}/zcrx/")), StringComparison.Ordinal);
    }

    private async Task<TelemetryProcess> StartAsync(OtlpReceiver collector)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_directory.FullName, "appsettings.json"),
            """{ "Urls": "http://127.0.0.1:0", "DemoNic": true, "Zcrx": { "Listeners": [ { "Name": "ingest", "EndPoint": "127.0.0.1:0" } ] } }""");
        return await TelemetryProcess.StartAsync(_directory.FullName, collector);
    }
}
