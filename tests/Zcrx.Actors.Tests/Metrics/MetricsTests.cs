using System.Collections.Concurrent;
using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;
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
