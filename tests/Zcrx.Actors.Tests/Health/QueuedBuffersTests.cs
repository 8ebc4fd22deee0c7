using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Health;

/// <summary>Tests the report about operators whose bounds are together larger than the pool.</summary>
public class QueuedBuffersTests
{
    private const int Buffers = 64;
    private const int Connections = 10;
    private const int MaxQueued = 32;

    [Fact]
    public async Task Exhausted_pool_that_operators_hold_is_explained_once_with_the_bound_to_lower()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(
            zcrx => zcrx
                .AddQueue(new ZcrxQueueOptions { Name = "small", AreaSize = Buffers * Environment.SystemPageSize })
                .Listen("127.0.0.1:0", connection => connection.Buffers.Process(async (_, _) => await release.Task, maxQueued: MaxQueued).Subscribe(static _ => { }, static _ => { })),
            services => services.AddHealthChecks().AddZcrx());
        var pressure = host.Kit.Subscribe(typeof(ZcrxEvent.PressureChanged));
        List<Socket> clients = [];
        for (var i = 0; i < Connections; i++)
        {
            clients.Add(await host.ConnectAsync());
            await clients[i].SendAsync(new byte[MaxQueued * Environment.SystemPageSize / 2]).WithinLimit();
        }

        QueuedBuffers? explained = null;
        await host.Kit.AwaitConditionAsync(async () => (explained = (await host.Zcrx.GetStatusAsync()).Queues[0].Queued) is not null, "the exhausted pool is explained");

        Assert.Equal("maxQueued", explained!.BoundName);
        Assert.InRange(explained.Queues, 2, Connections);
        Assert.Equal(MaxQueued * explained.Queues, explained.Allowed);
        Assert.InRange(explained.Buffers, (Buffers / 4) + 1, Buffers);
        Assert.Equal(Buffers / (2 * explained.Queues), explained.BoundFor(Buffers));
        var exhausted = await pressure.FishForMessageAsync<ZcrxEvent.PressureChanged>(static changed => changed.Pressure.Queued is not null);
        Assert.Equal(PoolPressureLevel.Exhausted, exhausted.Pressure.Level);
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(static check => check.Name == "zcrx").WithinLimit();
        Assert.Contains("operators whose maxQueued allows", report.Entries["zcrx"].Description, StringComparison.Ordinal);

        Assert.Single(host.Log.Entries, static entry => entry.EventId == 1405);
        release.SetResult();

        // Bytes that were still in the sockets may exhaust the pool once more. So the test waits until there is neither pressure nor a
        // report.
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0] is { Queued: null, Pressure: PoolPressureLevel.Normal }, "the pool is back at its normal level");
        clients.ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Exhausted_pool_that_the_application_holds_is_not_explained_by_operators()
    {
        List<BufferLease> leases = [];
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .DrainTimeout(TimeSpan.Zero)
            .AddQueue(new ZcrxQueueOptions { Name = "small", AreaSize = Buffers * Environment.SystemPageSize })
            .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(buffer => leases.Add(buffer.Retain()), static _ => { })));
        var pressure = host.Kit.Subscribe(typeof(ZcrxEvent.PressureChanged));
        List<Socket> clients = [];
        for (var i = 0; i < Connections; i++)
        {
            clients.Add(await host.ConnectAsync());
            await clients[i].SendAsync(new byte[MaxQueued * Environment.SystemPageSize / 2]).WithinLimit();
        }

        var exhausted = await pressure.FishForMessageAsync<ZcrxEvent.PressureChanged>(static changed => changed.Pressure.Level == PoolPressureLevel.Exhausted);

        Assert.Null(exhausted.Pressure.Queued);
        Assert.Null((await host.Zcrx.GetStatusAsync()).Queues[0].Queued);
        Assert.False(host.Log.Has(1405));
        clients.ForEach(static client => client.Dispose());
        await host.StopAsync();
        leases.ForEach(static lease => lease.Dispose());
    }
}
