using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests changes of the configuration while the host runs.</summary>
public class ReloadTests
{
    private static readonly KeyValuePair<string, string?>[] Start =
    [
        new("Zcrx:Queues:0:Name", "first"),
        new("Zcrx:Queues:0:AreaSize", "256KiB"),
        new("Zcrx:Queues:1:Name", "second"),
        new("Zcrx:Queues:1:AreaSize", "256KiB"),
        new("Zcrx:Listeners:0:Name", "door"),
        new("Zcrx:Listeners:0:EndPoint", "127.0.0.1:0"),
    ];

    [Fact]
    public async Task Changeable_options_apply_at_once_and_the_others_are_reported()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(Start).Build();
        await using var host = await StartAsync(configuration);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.OptionsChanged));

        var changed = await ChangeAsync(
            probe,
            configuration,
            ("Zcrx:Queues:0:HighWaterMark", "0.6"),
            ("Zcrx:Queues:0:ConnectionQuota", "3"),
            ("Zcrx:Queues:0:AreaSize", "512KiB"),
            ("Zcrx:Queues:1:StatisticsInterval", "00:00:05"),
            ("Zcrx:Queues:2:Name", "third"),
            ("Zcrx:Listeners:0:Backlog", "10"),
            ("Zcrx:Restart:MaxRestarts", "3"),
            ("Zcrx:DrainTimeout", "00:00:01"),
            ("Zcrx:BindTimeout", "00:00:20"),
            ("Zcrx:Rebalancing:PlaceConnections", "false"),
            ("Zcrx:Rebalancing:StormShare", "0.5"),
            ("Zcrx:Takeover:Linger", "00:10:00"),
            ("Zcrx:ActorName", "other"));

        Assert.Equal(
            ["BindTimeout", "DrainTimeout", "Queues:first:ConnectionQuota", "Queues:first:HighWaterMark", "Queues:second:StatisticsInterval", "Rebalancing:PlaceConnections", "Restart:MaxRestarts", "Takeover:Linger"],
            changed.Applied.Order());
        Assert.Equal(["Queues:first:AreaSize"], changed.NeedRestartQueue);
        Assert.Equal(["ActorName", "Listeners:0:Backlog", "Queues:third (added)", "Rebalancing:StormShare"], changed.NeedRestart.Order());
        Assert.Equal(TimeSpan.FromSeconds(1), host.Services.GetRequiredService<Actors.Hosting.ZcrxService>().Tree!.Options.Value.DrainTimeout);
        Assert.Single(host.Log.Entries, entry => entry.EventId == 1007 && entry.Message.Contains("Queues:first:HighWaterMark", StringComparison.Ordinal));
        Assert.Single(host.Log.Entries, entry => entry.EventId == 1008 && entry.Message.Contains("need RestartQueue", StringComparison.Ordinal) && entry.Message.Contains("Queues:first:AreaSize", StringComparison.Ordinal));
        Assert.Single(host.Log.Entries, entry => entry.EventId == 1009 && entry.Message.Contains("Queues:third (added)", StringComparison.Ordinal));

        // The options that need RestartQueue apply after the restart.
        Assert.Equal(64, Status(await host.Zcrx.GetStatusAsync(), "first").Statistics!.Buffers);
        await host.RestartAsync("first");
        Assert.Equal(128, Status(await host.Zcrx.GetStatusAsync(), "first").Statistics!.Buffers);
    }

    [Fact]
    public async Task New_water_marks_reach_the_ring_of_an_open_queue()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(Start).AddInMemoryCollection([new("Zcrx:Queues:1:Engine", "emulated")]).Build();
        List<BufferLease> kept = [];
        await using var host = await StartAsync(configuration, connection => connection.Buffers.Subscribe(buffer => kept.Add(buffer.Retain()), static _ => { }));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.PressureChanged));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[20 * 4096]).WithinLimit();
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues.Sum(queue => queue.Statistics!.BytesReceived) == 20 * 4096, "the bytes arrive");

        foreach (int queue in new[] { 0, 1 })
        {
            configuration[$"Zcrx:Queues:{queue}:HighWaterMark"] = "0.2";
            configuration[$"Zcrx:Queues:{queue}:LowWaterMark"] = "0.1";
        }

        configuration.Reload();

        // No further byte has arrived, so only the new water mark can have changed the level.
        Assert.Equal(PoolPressureLevel.High, (await probe.FishForMessageAsync<ZcrxEvent.PressureChanged>()).Pressure.Level);
        kept.ForEach(lease => lease.Dispose());
    }

    [Fact]
    public async Task An_invalid_change_is_refused_as_a_whole_with_every_error_by_its_path()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(Start).Build();
        await using var host = await StartAsync(configuration);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.OptionsRefused), typeof(ZcrxEvent.OptionsChanged));

        configuration["Zcrx:Queues:0:ConnectionQuota"] = "7";
        configuration["Zcrx:Queues:0:HighWaterMark"] = "1.5";
        configuration["Zcrx:Queues:1:StatisticsInterval"] = "soon";
        configuration["Zcrx:Restart:MinBackoff"] = "never";
        configuration.Reload();

        var refused = await probe.FishForMessageAsync<ZcrxEvent.OptionsRefused>();
        Assert.Equal(
            ["Zcrx:Queues:0:HighWaterMark", "Zcrx:Queues:1:StatisticsInterval", "Zcrx:Restart:MinBackoff"],
            refused.Errors.Select(error => error[..error.IndexOf(": ", StringComparison.Ordinal)]).Order());
        var logged = Assert.Single(host.Log.Entries, entry => entry.EventId == 1010);
        Assert.All(refused.Errors, error => Assert.Contains(error, logged.Message));
        Assert.Equal(0, host.Queues[0].Options.ConnectionQuota);
        Assert.Equal(refused.Errors, (await host.Zcrx.GetStatusAsync()).RefusedOptions);

        // After the correction all options apply, including those that were valid before.
        configuration["Zcrx:Restart:MinBackoff"] = "00:00:00.010";
        var changed = await ChangeAsync(probe, configuration, ("Zcrx:Queues:0:HighWaterMark", "0.9"), ("Zcrx:Queues:1:StatisticsInterval", "00:00:02"));
        Assert.Equal(["Queues:first:ConnectionQuota", "Queues:first:HighWaterMark", "Queues:second:StatisticsInterval", "Restart:MinBackoff"], changed.Applied.Order());
        Assert.Empty((await host.Zcrx.GetStatusAsync()).RefusedOptions);
    }

    [Fact]
    public async Task Code_that_throws_while_options_are_created_again_changes_nothing()
    {
        bool isBroken = false;
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(Start).Build();
        await using var host = await StartAsync(configuration, configure: _ =>
        {
            if (isBroken)
            {
                throw new InvalidOperationException("the database is away");
            }
        });
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.OptionsRefused));

        isBroken = true;
        configuration["Zcrx:Queues:0:ConnectionQuota"] = "7";
        configuration.Reload();

        Assert.Equal(["the database is away"], (await probe.FishForMessageAsync<ZcrxEvent.OptionsRefused>()).Errors);
        Assert.IsType<InvalidOperationException>(Assert.Single(host.Log.Entries, entry => entry.EventId == 1010).Exception);
    }

    [Fact]
    public async Task A_queue_that_is_down_is_opened_with_the_changed_options()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection([.. Start, new("Zcrx:Restart:MinBackoff", "01:00:00"), new("Zcrx:Restart:MaxBackoff", "01:00:00")]).Build();
        await using var host = await StartAsync(configuration);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        host.Crash("first");
        await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();

        var changed = await ChangeAsync(probe, configuration, ("Zcrx:Queues:0:AreaSize", "1MiB"));

        Assert.Equal(["Queues:first (when it is opened)"], changed.Applied);
        await host.RestartAsync("first");
        Assert.Equal(256, Status(await host.Zcrx.GetStatusAsync(), "first").Statistics!.Buffers);
    }

    [Fact]
    public async Task Any_source_of_options_is_watched_and_a_reload_without_a_change_is_not_reported()
    {
        using CancellationTokenSource nothing = new();
        Source source = new();
        int quota = 0;
        await using var host = await TestHost.StartAsync(
            zcrx => zcrx.Configure(options => options.Queues.Add(new ZcrxQueueOptions { ConnectionQuota = quota, AreaSize = 256.KiB() })),
            services => services.AddSingleton<IOptionsChangeTokenSource<ZcrxOptions>>(source));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.OptionsChanged));

        source.Fire();
        quota = 5;
        source.Fire();

        Assert.Equal(["Queues:zcrx-0:ConnectionQuota"], (await probe.FishForMessageAsync<ZcrxEvent.OptionsChanged>()).Applied);
    }

    [Fact]
    public async Task A_change_during_the_start_is_not_missed()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(Start).Build();
        using ActorSystem system = TestKitConfig.CreateSystem("ours");
        using HostKit kit = new(system);
        var probe = kit.Subscribe(typeof(ZcrxEvent.OptionsChanged));
        await using var host = TestHost.Build(
            zcrx => zcrx.Bind(configuration).Handle(static _ => null!),
            // This service starts after Zcrx has read its options, and before Zcrx starts.
            services => services.AddSingleton(system).AddHostedService(_ => new Meddler(() =>
            {
                configuration["Zcrx:Queues:0:ConnectionQuota"] = "9";
                configuration.Reload();
            })));

        await host.StartAsync();

        Assert.Equal(["Queues:first:ConnectionQuota"], (await probe.FishForMessageAsync<ZcrxEvent.OptionsChanged>()).Applied);
        Assert.Equal(9, host.Queues[0].Options.ConnectionQuota);
    }

    private static QueueStatus Status(ZcrxStatus status, string queue) => status.Queues.Single(one => one.Name == queue);

    private static async Task<ZcrxEvent.OptionsChanged> ChangeAsync(TestProbe probe, IConfigurationRoot configuration, params (string Key, string Value)[] values)
    {
        foreach (var (key, value) in values)
        {
            configuration[key] = value;
        }

        configuration.Reload();
        return await probe.FishForMessageAsync<ZcrxEvent.OptionsChanged>();
    }

    private static Task<TestHost> StartAsync(IConfiguration configuration, Func<ZcrxConnection, IDisposable>? handler = null, Action<ZcrxOptions>? configure = null) =>
        TestHost.StartAsync(zcrx => zcrx.Bind(configuration).Configure(configure ?? (static _ => { })).Handle(handler ?? (static _ => null!)));

    private sealed class Meddler(Action meddle) : Microsoft.Extensions.Hosting.IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            meddle();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Source : IOptionsChangeTokenSource<ZcrxOptions>
    {
        private ConfigurationReloadToken _token = new();

        public string? Name => Microsoft.Extensions.Options.Options.DefaultName;

        public Microsoft.Extensions.Primitives.IChangeToken GetChangeToken() => _token;

        public void Fire() => Interlocked.Exchange(ref _token, new ConfigurationReloadToken()).OnReload();
    }
}
