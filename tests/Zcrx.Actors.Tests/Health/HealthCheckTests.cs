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
    public async Task Health_reports_the_state_of_the_queues()
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
            services => services.AddHealthChecks().AddZcrx());
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "Zcrx is Starting.");

        await host.StartAsync();
        var healthy = await AssertHealthAsync(host, HealthStatus.Healthy, "2 queue(s) receive.");
        Assert.Equal("Open, emulated: explicitly configured, restarts: 0", healthy.Data["queue:zcrx-0"]);
        Assert.Equal(["ready"], healthy.Tags);

        // One of the two queues fails, and waits for its restart.
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        host.Crash("zcrx-1");
        await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();
        var degraded = await AssertHealthAsync(host, HealthStatus.Degraded, "Queue zcrx-1 waits to be opened again: crashed on purpose");
        Assert.IsType<CrashException>(degraded.Exception);

        // Exhausts the pool of the other queue, too.
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[128 * 1024]).WithinLimit();
        await probe.FishForMessageAsync<ZcrxEvent.PressureChanged>(changed => changed.Pressure.Level == PoolPressureLevel.Exhausted);
        var exhausted = await AssertHealthAsync(host, HealthStatus.Degraded, "The pool of zcrx-0 is exhausted: ");
        Assert.Equal(["pool_exhausted:zcrx-0", "queue_restarting:zcrx-1"], (IEnumerable<string>)exhausted.Data["reasons"]);
        await AssertLiveAsync(host, HealthStatus.Healthy);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1401), "exhaustion is logged");

        // The other queue also fails, so no queue receives.
        host.Crash("zcrx-0", new ZcrxDeviceException("Receiving", 19, "the interface is gone", ""));
        await probe.FishForMessageAsync<ZcrxEvent.QueueFailed>();
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "No queue receives. Queue zcrx-0 has failed: Receiving failed with ENODEV: the interface is gone.");
        // The connection of the failed queue resumes on the first queue that opens. Further leases would exhaust its pool, too.
        keeps = false;
        kept.ForEach(lease => lease.Dispose());

        // Both queues are open again.
        foreach (string queue in new[] { "zcrx-0", "zcrx-1" })
        {
            await host.RestartAsync(queue);
        }

        Assert.Empty((IEnumerable<string>)(await AssertHealthAsync(host, HealthStatus.Healthy, "2 queue(s) receive.")).Data["reasons"]);

        // After the ports are closed, readiness must fail, so that no new connection is routed to this process.
        await host.Zcrx.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.CloseListeners()).WithinLimit();
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "The ports are closed;");
        await AssertLiveAsync(host, HealthStatus.Healthy);

        await host.StopAsync();
        await AssertLiveAsync(host, HealthStatus.Healthy);
        await AssertHealthAsync(host, HealthStatus.Unhealthy, "Zcrx is Stopped.");
    }

    [Fact]
    public async Task A_check_registered_with_Degraded_reports_Degraded()
    {
        await using var host = TestHost.Build(static _ => { }, services => services.AddHealthChecks().AddZcrx("receiver", HealthStatus.Degraded));

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WithinLimit();

        Assert.Equal(HealthStatus.Degraded, report.Entries["receiver"].Status);
    }

    [Fact]
    public async Task Liveness_fails_when_only_a_new_process_helps()
    {
        await using (var host = await StartAsync(static options => options.Restart.MaxRestarts = 0))
        {
            host.Crash("zcrx-0");
            await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0].State == QueueState.Failed, "the queue is given up");
            Assert.IsType<CrashException>((await AssertLiveAsync(host, HealthStatus.Unhealthy, "Every queue has been given up.")).Exception);
        }

        await using (var host = await StartAsync(static _ => { }))
        {
            host.Zcrx.Supervisor.Tell(PoisonPill.Instance);
            await host.Kit.AwaitConditionAsync(() => host.Log.Has(1006), "the end is noticed");
            await AssertLiveAsync(host, HealthStatus.Unhealthy, "Zcrx has ended without a stop.");
        }

        static Task<TestHost> StartAsync(Action<ZcrxOptions> configure) => TestHost.StartAsync(zcrx => zcrx.Configure(configure), services => services.AddHealthChecks().AddZcrx());
    }

    [Fact]
    public async Task Refused_options_degrade_health_until_they_are_corrected()
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationBuilder().Add(new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource()).Build();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Bind(configuration), services => services.AddHealthChecks().AddZcrx());
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        configuration["Zcrx:DrainTimeout"] = "soon";
        configuration.Reload();
        await probe.FishForMessageAsync<ZcrxEvent.OptionsRefused>();
        var degraded = await AssertHealthAsync(host, HealthStatus.Degraded, "Changed options were refused: Zcrx:DrainTimeout: 'soon' is not a time span");
        Assert.Equal(["options_refused"], (IEnumerable<string>)degraded.Data["reasons"]);

        configuration["Zcrx:DrainTimeout"] = "00:00:02";
        configuration.Reload();
        await probe.FishForMessageAsync<ZcrxEvent.OptionsChanged>();
        await AssertHealthAsync(host, HealthStatus.Healthy, "1 queue(s) receive.");
    }

    private static async Task<HealthReportEntry> AssertLiveAsync(TestHost host, HealthStatus status, string description = "Zcrx is ")
    {
        var entry = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(static registration => registration.Tags.Contains("live")).WithinLimit()).Entries["zcrx-live"];
        Assert.StartsWith(description, entry.Description);
        Assert.Equal(status, entry.Status);
        return entry;
    }

    private static async Task<HealthReportEntry> AssertHealthAsync(TestHost host, HealthStatus status, string description)
    {
        var entry = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WithinLimit()).Entries["zcrx"];
        Assert.StartsWith(description, entry.Description);
        Assert.Equal(status, entry.Status);
        return entry;
    }
}
