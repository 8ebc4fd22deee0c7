using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Health;

/// <summary>
/// Tests the report about a connection that should receive but does not. The emulated kernel strands receive requests, and the workaround
/// of Zcrx is turned off.
/// </summary>
public class ReceiveStallTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task A_stalled_connection_appears_in_event_log_metric_and_health()
    {
        const int Streams = 8;
        const int Bytes = 40_000;
        Received received = new();
        using CountdownEvent accepted = new(Streams);
        await using var host = await TestHost.StartAsync(
            zcrx => zcrx
                .AddQueue(new ZcrxQueueOptions
                {
                    Name = "small",
                    AreaSize = 8 * Environment.SystemPageSize,
                    ReceiveStallTimeout = Timeout,
                    RearmsStrandedReceives = false,
                    Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.Linux720 },
                })
                .Listen("127.0.0.1:0", connection =>
                {
                    if (accepted.IsSet)
                    {
                        // Resumes all paused connections on the ring thread, so that they compete for the pool at the same time.
                        return connection.Buffers.Subscribe(_ => received.Streams.ToList().ForEach(static stream => stream.Connection.Resume()), static _ => { });
                    }

                    // Paused until all bytes have arrived in the sockets, so that no later packet wakes a stranded request.
                    connection.Pause();
                    accepted.Signal();
                    return received.Handle(connection);
                }),
            services => services.AddHealthChecks().AddZcrx());
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using MetricsReader metrics = new(host.Services);
        List<Socket> clients = [];
        for (int i = 0; i < Streams; i++)
        {
            clients.Add(await host.ConnectAsync());
            await clients[i].SendAsync(Payload.Bytes(Bytes)).WithinLimit();
        }

        await host.Kit.AwaitConditionAsync(() => accepted.IsSet && received.Streams.Count == Streams, "all connections are accepted");
        long start = Stopwatch.GetTimestamp();
        using Socket trigger = await host.ConnectAsync();
        await trigger.SendAsync(new byte[1]).WithinLimit();
        var stalled = await probe.FishForMessageAsync<ZcrxEvent.ReceiveStalled>(static stalled => !stalled.Stall.IsOver);
        Assert.Equal("small", stalled.Stall.Queue);
        Assert.InRange(stalled.Stall.Duration, Timeout, Stopwatch.GetElapsedTime(start));
        Assert.InRange(stalled.Stall.BytesWaiting, 1, Bytes - stalled.Stall.StreamOffset);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1307), "the stall is logged");
        Assert.InRange(metrics.Read("zcrx.receive.stalls", queue: "small"), 1, Streams);
        Assert.InRange(metrics.Read("zcrx.connection.stalled", queue: "small"), 1, Streams);
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(static check => check.Name == "zcrx").WithinLimit();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("receive_stalled:small", (IEnumerable<string>)report.Entries["zcrx"].Data["reasons"]);

        // A further packet wakes each stranded request.
        foreach (Socket client in clients)
        {
            await client.SendAsync(new byte[1]).WithinLimit();
        }

        await probe.FishForMessageAsync<ZcrxEvent.ReceiveStalled>(static stalled => stalled.Stall.IsOver);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1308), "the end of the stall is logged");
        clients.ForEach(static client => client.Dispose());
    }
}
