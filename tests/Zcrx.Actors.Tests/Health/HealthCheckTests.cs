using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Health;

public class HealthCheckTests
{
    [Fact]
    public async Task Health_follows_the_queues()
    {
        List<BufferLease> kept = [];
        var keeps = true;
        await using var host = TestHost.Build(
            zcrx => zcrx
                .AddQueues(2, 64.KiB())
                .Configure(static options =>
                {
                    options.Restart.MinBackoff = options.Restart.MaxBackoff = TimeSpan.FromHours(1);
                    options.Restart.MaxRestarts = 1;
                })
                .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(
                    buffer =>
                    {
                        if (keeps)
                        {
                            kept.Add(buffer.Retain());
                        }
                    },
                    static _ => { })),
            services => services.AddHealthChecks().AddZcrx(tags: ["ready"]));
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "Zcrx is Starting.");

        await host.StartAsync();
        var healthy = await AssertHealthAsync(host, HealthStatus.Healthy, "2 queue(s) receive.");
        Assert.Equal("Open, emulated: asked for, restarts: 0", healthy.Data["queue:zcrx-0"]);
        Assert.Equal(["ready"], healthy.Tags);

        // One queue waits for its restart.
        using Probe probe = new(host.System, typeof(ZcrxEvent));
        host.Crash("zcrx-1");
        probe.Expect<ZcrxEvent.QueueRestarting>();
        var degraded = await AssertHealthAsync(host, HealthStatus.Degraded, "Queue zcrx-1 waits to be opened again: crashed on purpose");
        Assert.IsType<CrashException>(degraded.Exception);

        // Its pool is exhausted, too.
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[128 * 1024]).WithinLimit();
        probe.Expect<ZcrxEvent.PressureChanged>(changed => changed.Pressure.Level == PoolPressureLevel.Exhausted);
        await AssertHealthAsync(host, HealthStatus.Degraded, "The pool of zcrx-0 is exhausted: ");
        await Eventually.TrueAsync(() => host.Log.Has(1401), "exhaustion is logged");

        // None is left.
        host.Crash("zcrx-0", new ZcrxDeviceException("Receiving", 19, "the interface is gone", ""));
        probe.Expect<ZcrxEvent.QueueFailed>();
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "No queue receives. Queue zcrx-0 has failed: Receiving failed with ENODEV: the interface is gone.");
        // Its connection waits, and goes on with the first that comes back.
        keeps = false;
        kept.ForEach(lease => lease.Dispose());

        // Both come back.
        foreach (string queue in new[] { "zcrx-0", "zcrx-1" })
        {
            await host.Zcrx.Supervisor.Ask<QueueStatus>(new ZcrxCommand.RestartQueue(queue)).WithinLimit();
        }

        await AssertHealthAsync(host, HealthStatus.Healthy, "2 queue(s) receive.");

        await host.StopAsync();
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "Zcrx is Stopped.");
    }

    [Fact]
    public async Task A_check_may_be_registered_as_merely_degrading()
    {
        await using var host = TestHost.Build(static _ => { }, services => services.AddHealthChecks().AddZcrx("receiver", HealthStatus.Degraded));

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WithinLimit();

        Assert.Equal(HealthStatus.Degraded, report.Entries["receiver"].Status);
    }

    private static async Task<HealthReportEntry> AssertHealthAsync(TestHost host, HealthStatus status, string description)
    {
        var entry = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WithinLimit()).Entries["zcrx"];
        Assert.StartsWith(description, entry.Description);
        Assert.Equal(status, entry.Status);
        return entry;
    }
}
