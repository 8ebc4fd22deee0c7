using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop.Processes;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Limits;

/// <summary>Tests that limits of a hosted service apply to all queues together, and appear in status, health, events and logs.</summary>
public class LimitTests
{
    [Fact]
    public async Task Limit_of_a_listener_counts_all_queues_and_is_visible_everywhere()
    {
        const int Most = 4;
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .Listen("127.0.0.1:0", received.Handle, name: "door")
            .ConfigureListeners(static listener => listener.MaxConnections = Most));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.LimitActed));
        List<Socket> clients = [];
        try
        {
            for (int i = 0; i < Most; i++)
            {
                clients.Add(await host.ConnectAsync());
            }

            await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners[0] is { IsFull: true, Connections: Most }, "the listener is full");
            var reset = await Assert.ThrowsAsync<SocketException>(async () =>
            {
                using Socket refused = await host.ConnectAsync();
                await refused.ReceiveAsync(new byte[1]).WithinLimit();
            });
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);

            var report = (await probe.FishForMessageAsync<ZcrxEvent.LimitActed>()).Report;
            Assert.Equal((ZcrxLimit.MaxConnections, "door", 1L), (report.Limit, report.Listener, report.Count));
            await host.Kit.AwaitConditionAsync(() => host.Log.Has(1207), "the limit is logged");
            var status = await host.Zcrx.GetStatusAsync();
            Assert.Equal(1, status.Listeners[0].Refused);
            var health = ZcrxHealthCheck.Judge(status, HealthStatus.Unhealthy);
            Assert.Equal(HealthStatus.Degraded, health.Status);
            Assert.Contains("listener_full:door", (IEnumerable<string>)health.Data["reasons"]);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        await host.Kit.AwaitConditionAsync(async () => !(await host.Zcrx.GetStatusAsync()).Listeners[0].IsFull, "closed connections make room");
    }

    [Fact]
    public async Task Few_descriptors_are_a_log_line_and_a_health_reason_until_there_are_more()
    {
        int used = 990;
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { AreaSize = 1.MiB(), Descriptors = () => new DescriptorUse(1000, Volatile.Read(ref used), IsCheap: true) })
            .Listen("127.0.0.1:0", received.Handle));
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1205), "the stop is logged");
        var status = await host.Zcrx.GetStatusAsync();
        Assert.Contains("descriptors_low:zcrx-0", (IEnumerable<string>)ZcrxHealthCheck.Judge(status, HealthStatus.Unhealthy).Data["reasons"]);
        using Socket waiting = await host.ConnectAsync();

        Volatile.Write(ref used, 10);

        await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1206), "accepting again is logged");
        Assert.Equal(HealthStatus.Healthy, ZcrxHealthCheck.Judge(await host.Zcrx.GetStatusAsync(), HealthStatus.Unhealthy).Status);
    }

    [Fact]
    public async Task Flood_of_invalid_frames_writes_few_log_lines_and_counts_the_rest()
    {
        const int Strangers = 12_000;
        const int AtOnce = 100;
        LogRecorder log;
        await using (var host = await TestHost.StartAsync(static zcrx => zcrx
            .AddQueues(1, 1.MiB())
            .Listen("127.0.0.1:0", static connection => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1.MiB()).Subscribe(static _ => { }))))
        {
            log = host.Log;
            for (int i = 0; i < Strangers; i += AtOnce)
            {
                await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => SendInvalidFrameAsync(host)));
            }

            await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0].Statistics!.Connections == 0, "every stranger is gone");
        }

        var written = log.Entries.Where(static entry => entry.EventId == 1309).ToList();
        long suppressed = log.Entries.Where(static entry => entry.EventId == 1311).Sum(static entry => long.Parse(entry.Message.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.InRange(written.Count, 1, Strangers / 20);
        Assert.Equal(Strangers, written.Count + suppressed);
    }

    private static async Task SendInvalidFrameAsync(TestHost host)
    {
        using Socket stranger = await host.ConnectAsync();
        await stranger.SendAsync((byte[])[0xff, 0xff, 0xff, 0xff]);
        _ = await Record.ExceptionAsync(() => stranger.ReceiveAsync(new byte[1]).WithinLimit());
    }
}
