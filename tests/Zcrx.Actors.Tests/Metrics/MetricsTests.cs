using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Metrics;

public class MetricsTests
{
    [Fact]
    public async Task Counters_continue_across_restarts_and_gauges_show_current_values()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()).Listen("127.0.0.1:0", received.Handle, name: "door"));
        using MetricsReader reader = new(host.Services);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        using (var first = await host.ConnectAsync())
        {
            await first.SendAsync(Payload.Bytes(10_000));
            var stream = await received.StreamAsync(0);
            await stream.AssertReceivedAsync(10_000);
            Assert.Equal(1, reader.Read("zcrx.connection.count", "zcrx.connection.state", "active"));
            Assert.Equal(1, reader.Read("zcrx.listener.connection.count", "zcrx.listener.name", "door"));
            host.Crash("zcrx-0");
            await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();
            await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        }

        using (var second = await host.ConnectAsync())
        {
            await second.SendAsync(Payload.Bytes(5_000));
            second.Shutdown(SocketShutdown.Send);
            var stream = await received.StreamAsync(1);
            Assert.Null(await stream.Ended.WithinLimit());
            await stream.AssertReceivedAsync(5_000);
        }

        Assert.Equal(15_000, reader.Read("zcrx.receive.io"));
        Assert.Equal(15_000, reader.Read("zcrx.copy.io"));
        Assert.InRange(reader.Read("zcrx.receive.buffers"), 4, 15);
        Assert.Equal(2, reader.Read("zcrx.connection.opened"));
        Assert.Equal(1, reader.Read("zcrx.queue.restarts"));
        Assert.Equal(1, reader.Read("zcrx.queue.open"));
        Assert.Equal(256, reader.Read("zcrx.pool.limit"));
        Assert.Equal(0, reader.Read("zcrx.pool.usage"));
        Assert.Equal((1, 0, 0), (reader.Read("zcrx.pool.pressure", "zcrx.pool.state", "normal"), reader.Read("zcrx.pool.pressure", "zcrx.pool.state", "high"), reader.Read("zcrx.pool.pressure", "zcrx.pool.state", "exhausted")));
        Assert.Equal(0, reader.Read("zcrx.connection.count", "zcrx.connection.state", "paused"));
        Assert.Equal(0, reader.Read("zcrx.notification.received", "zcrx.notification.type", "no_buffers"));
        Assert.InRange(reader.Read("zcrx.notification.received", "zcrx.notification.type", "copy"), 1, 10);
        foreach (string name in new[] { "zcrx.receive.pauses", "zcrx.receive.rearms", "zcrx.receive.stalls", "zcrx.connection.stalled", "zcrx.copy.fragments", "zcrx.refill.flushes", "zcrx.refill.depth", "zcrx.completion.overflows", "zcrx.connection.moves", "zcrx.lease.copies", "zcrx.pool.pressure.time" })
        {
            Assert.InRange(reader.Read(name), 0, 1000);
        }

        await host.Kit.AwaitConditionAsync(() => reader.Read("zcrx.connection.count", "zcrx.connection.state", "active") == 0, "no connection is left");
        Assert.Equal(reader.Names.Order(), reader.Names.Distinct().Order());
        Assert.All(reader.Instruments, instrument => Assert.False(string.IsNullOrEmpty(instrument.Description) || string.IsNullOrEmpty(instrument.Unit)));
    }

    [Fact]
    public async Task Names_and_units_follow_the_OpenTelemetry_conventions()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        using MetricsReader reader = new(host.Services);

        Assert.All(reader.Instruments, instrument =>
        {
            Assert.Matches("^zcrx(\\.[a-z][a-z_]*)+$", instrument.Name);
            // A unit is a UCUM unit, or the counted item in braces and in the singular. A unit is never part of the name.
            Assert.Matches("^(By|s|1|\\{[a-z]+\\})$", instrument.Unit);
            Assert.DoesNotContain("bytes", instrument.Name, StringComparison.Ordinal);
        });
        // Names must be unique, and no name may be the namespace of another metric or attribute.
        Assert.Equal(reader.Names.Count(), reader.Names.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Ends_faults_limits_and_durations_appear_in_the_metrics()
    {
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB())
            .ConfigureListeners(static listener => listener.MaxConnections = 1)
            .Listen("127.0.0.1:0", static connection => connection.Buffers.Subscribe(static buffer => throw new FormatException($"{buffer.Length} bytes")), name: "door"));
        using MetricsReader reader = new(host.Services);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using (var calm = await host.ConnectAsync())
        {
            await probe.FishForMessageAsync<ZcrxEvent.ConnectionOpened>();
            try
            {
                (await host.ConnectAsync()).Dispose();
            }
            catch (SocketException)
            {
                // The reset may arrive before ConnectAsync has returned.
            }

            await probe.FishForMessageAsync<ZcrxEvent.LimitActed>();
            await host.Kit.AwaitConditionAsync(() => reader.Has("zcrx.limit.actions") && reader.Read("zcrx.limit.actions", "zcrx.limit.name", "max_connections") == 1, "the limit is counted");
            calm.Shutdown(SocketShutdown.Send);
            await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>();
        }

        Assert.Equal((1, 1), (reader.Read("zcrx.connection.closed"), reader.Read("zcrx.listener.accepted", "zcrx.listener.name", "door")));
        using (var bad = await host.ConnectAsync())
        {
            await bad.SendAsync(Payload.Bytes(1));
            await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>();
        }

        await host.Kit.AwaitConditionAsync(() => reader.Has("zcrx.consumer.faults") && reader.Read("zcrx.consumer.faults", "error.type", typeof(FormatException).FullName) == 1, "the fault is counted");
        var durations = reader.Recorded.Where(static recorded => recorded.Name == "zcrx.connection.duration").ToArray();
        Assert.Equal(2, durations.Length);
        Assert.All(durations, static duration => Assert.InRange(duration.Value, 0, 3600));
        Assert.All(durations, static duration => Assert.Contains(new KeyValuePair<string, object?>("zcrx.listener.name", "door"), duration.Tags));
        Assert.DoesNotContain(durations[0].Tags, static tag => tag.Key == "error.type");
        Assert.Contains(durations[1].Tags, static tag => tag.Key == "error.type");
        Assert.InRange(reader.Read("zcrx.ring.turns"), 1, long.MaxValue);
        Assert.Equal(0, reader.Read("zcrx.queue.storm"));
    }

    [Fact]
    public async Task Turn_buckets_are_cumulative_and_continue_across_restarts()
    {
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()));
        using MetricsReader reader = new(host.Services);
        await host.Kit.AwaitConditionAsync(() => reader.Read("zcrx.ring.turn.buckets", "le", "+Inf") > 0, "turns are counted");
        long before = reader.Read("zcrx.ring.turn.buckets", "le", "+Inf");

        Assert.IsType<ZcrxReply.Restarted>(await host.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("zcrx-0"), TimeSpan.FromMinutes(1)));

        await host.Kit.AwaitConditionAsync(() => reader.Read("zcrx.ring.turn.buckets", "le", "+Inf") > before, "the turns of both openings are counted");
        long[] buckets = [.. new[] { "0.00001", "0.000025", "0.00005", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.1", "1", "+Inf" }.Select(bound => reader.Read("zcrx.ring.turn.buckets", "le", bound))];
        Assert.Equal(buckets.Order(), buckets);
        Assert.InRange(buckets[^1], 1, reader.Read("zcrx.ring.turns"));
    }

    [Fact]
    public async Task Interface_and_RX_queue_are_attributes_of_all_instruments_of_a_queue()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueue(new ZcrxQueueOptions
        {
            Name = "zcrx-0", Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB(), Interface = nic.Name, RxQueue = 1, Emulation = new EmulatedKernelOptions { Nics = [nic] },
        }));
        using MetricsReader reader = new(host.Services);

        string[] names = ["zcrx.receive.io", "zcrx.pool.usage", "zcrx.queue.restarts", "zcrx.queue.open", "zcrx.ring.busy", "zcrx.queue.storm"];
        Assert.All(names, name => Assert.Equal(reader.Read(name), reader.Read(name, "network.interface.name", nic.Name)));
        Assert.All(names, name => Assert.Contains(reader.Tags(name), static tag => tag is { Key: "zcrx.rx_queue", Value: 1 }));
    }

    [Fact]
    public async Task Slow_consumers_and_moves_appear_in_the_metrics()
    {
        ConcurrentQueue<Interop.BufferLease> kept = [];
        bool keeps = true;
        List<ZcrxConnection> connections = [];
        // With the rebalancer disabled, only the test moves connections.
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 64.KiB()).Configure(static options => options.Rebalancing.Enabled = false).Listen("127.0.0.1:0", connection =>
        {
            connections.Add(connection);
            return connection.Buffers.Subscribe(
                buffer =>
                {
                    if (Volatile.Read(ref keeps))
                    {
                        kept.Enqueue(buffer.Retain());
                    }
                },
                static _ => { });
        }));
        using MetricsReader reader = new(host.Services);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[256 * 1024]).WithinLimit();
        var pressed = (await probe.FishForMessageAsync<ZcrxEvent.PressureChanged>(static changed => changed.Pressure.Level == PoolPressureLevel.Exhausted)).Pressure.Queue;
        await host.Kit.AwaitConditionAsync(() => reader.Read("zcrx.connection.count", "zcrx.connection.state", "paused", pressed) == 1, "the connection is paused");

        Assert.Equal((0, 1), (reader.Read("zcrx.pool.pressure", "zcrx.pool.state", "normal", pressed), reader.Read("zcrx.pool.pressure", "zcrx.pool.state", "exhausted", pressed)));
        Assert.InRange(reader.Read("zcrx.pool.usage", queue: pressed), 8, reader.Read("zcrx.pool.limit", queue: pressed));
        Assert.InRange(reader.Read("zcrx.receive.pauses", queue: pressed), 1, 1000);
        Assert.Equal(0, reader.Read("zcrx.connection.count", "zcrx.connection.state", "active", pressed));

        string other = pressed == "zcrx-0" ? "zcrx-1" : "zcrx-0";
        // After the move, the consumer leases no further buffers.
        Volatile.Write(ref keeps, false);
        Assert.IsType<ZcrxReply.Moved>(await Akka.Actor.Futures.Ask<ZcrxReply>(host.Zcrx.Supervisor, new ZcrxCommand.MoveConnection(connections[0].Id, other)).WithinLimit());
        Assert.Equal((1, 0), (reader.Read("zcrx.connection.moves", queue: other), reader.Read("zcrx.connection.moves", queue: pressed)));
        foreach (Interop.BufferLease lease in kept)
        {
            lease.Dispose();
        }

        await host.Kit.AwaitConditionAsync(() => reader.Read("zcrx.pool.pressure", "zcrx.pool.state", "normal", pressed) == 1, "the pool recovers");
    }
}
