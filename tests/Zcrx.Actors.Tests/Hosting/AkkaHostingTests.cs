using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests Zcrx in an actor system that Akka.Hosting creates, starts and ends.</summary>
public class AkkaHostingTests
{
    public static TheoryData<Wiring> Wirings => [.. Enum.GetValues<Wiring>()];

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task IZcrx_resolves_from_the_container_in_every_wiring(Wiring wiring)
    {
        Received received = new();
        await using var host = TestHost.Build(wiring, "ours", zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        var early = host.Zcrx;
        Assert.Equal(ZcrxState.Starting, (await early.GetStatusAsync()).State);

        await host.StartAsync();

        Assert.Same(early, host.Zcrx);
        Assert.Equal("akka://ours/user/zcrx", early.Supervisor.Path.ToString());
        using var client = await host.ConnectAsync();
        await client.SendAsync("bytes"u8.ToArray()).WithinLimit();
        await host.Kit.AwaitConditionAsync(() => received.Streams is [{ Length: 5 }], "the bytes arrive");
        Assert.Equal(1, (await early.GetStatusAsync()).Listeners[0].Connections);
    }

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task The_supervisor_the_rebalancer_and_queues_with_a_key_are_in_the_registry(Wiring wiring)
    {
        await using var host = TestHost.Build(wiring, "ours", static zcrx => zcrx.AddQueue<MarketData>(new ZcrxQueueOptions { Name = "market-data" }).AddQueue(new ZcrxQueueOptions { Name = "other" }));
        await host.StartAsync();

        Assert.Equal(host.Zcrx.Supervisor, host.Services.GetRequiredService<IRequiredActor<ZcrxSupervisor>>().ActorRef);
        foreach (var actor in new[] { Required<ZcrxSupervisor>(host), Required<ZcrxRebalancer>(host), Required<MarketData>(host) })
        {
            var status = await actor.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus()).WithinLimit();
            Assert.Equal(["market-data", "other"], status.Queues.Select(queue => queue.Name));
        }
    }

    [Fact]
    public async Task The_actor_of_a_key_stays_the_same_when_its_queue_is_restarted()
    {
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.AddQueue<MarketData>(new ZcrxQueueOptions { Name = "market-data" }));
        await host.StartAsync();
        var before = Required<MarketData>(host);

        await host.RestartAsync("market-data");

        Assert.IsType<ZcrxReply.Restarted>(await before.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("market-data")).WithinLimit());
        Assert.Equal(2, (await before.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus()).WithinLimit()).Queues[0].Restarts);
    }

    [Fact]
    public async Task Two_queues_with_the_same_key_are_refused()
    {
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.AddQueue<MarketData>(new ZcrxQueueOptions { Name = "one" }).AddQueue<MarketData>(new ZcrxQueueOptions { Name = "two" }));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Equal("Zcrx:Queues: MarketData is the registry key of several queues: one, two", Assert.Single(error.Failures));
    }

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task Ports_open_after_the_actors_of_WithActors_have_started(Wiring wiring)
    {
        TaskCompletionSource<bool> wasBound = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IZcrx? zcrx = null;
        await using var host = TestHost.Build(
            wiring,
            "ours",
            static zcrx => zcrx.Listen("127.0.0.1:0", static _ => null!),
            akka => akka.WithActors(async (system, registry, resolver) =>
            {
                await system.ActorOf(Props.Create(() => new Greeter())).Ask<string>("hello").WithinLimit();
                wasBound.SetResult(zcrx!.EndPoints.Count > 0);
            }));
        zcrx = host.Zcrx;

        await host.StartAsync();

        Assert.False(await wasBound.Task.WithinLimit());
        Assert.Single(zcrx.EndPoints);
    }

    [Fact]
    public async Task An_actor_of_the_application_asks_the_required_supervisor()
    {
        await using var host = TestHost.Build(
            Wiring.WithZcrx,
            "ours",
            static zcrx => zcrx.AddQueues(2, 1.MiB()),
            static akka => akka.WithActors(static (system, registry, resolver) => registry.Register<StatusReader>(system.ActorOf(resolver.Props<StatusReader>(), "reader"))));
        await host.StartAsync();

        var status = await Required<StatusReader>(host).Ask<ZcrxStatus>("how is it?").WithinLimit();

        Assert.Equal((ZcrxState.Running, 2), (status.State, status.Queues.Count));
    }

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task A_port_in_use_fails_the_start_with_the_typed_error(Wiring wiring)
    {
        using Socket other = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var host = TestHost.Build(wiring, "ours", zcrx => zcrx.Listen((IPEndPoint)other.LocalEndPoint!, static _ => null!));

        var error = await Assert.ThrowsAsync<ZcrxException>(host.StartAsync);

        Assert.Equal("EADDRINUSE", error.ErrorName);
        Assert.True(host.Log.Has(1002));
    }

    [Fact]
    public async Task All_ports_in_use_are_reported_together()
    {
        using Socket one = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using Socket two = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", zcrx => zcrx
            .Listen((IPEndPoint)one.LocalEndPoint!, static _ => null!)
            .Listen("127.0.0.1:0", static _ => null!)
            .Listen((IPEndPoint)two.LocalEndPoint!, static _ => null!));

        var error = await Assert.ThrowsAsync<AggregateException>(host.StartAsync);

        Assert.Equal(
            [$"{one.LocalEndPoint}", $"{two.LocalEndPoint}"],
            error.InnerExceptions.Select(inner => Assert.IsType<ZcrxException>(inner).Message.Split(' ').Single(word => word.StartsWith("127.", StringComparison.Ordinal)).TrimEnd(':')));
    }

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task Invalid_options_fail_the_start_with_every_error(Wiring wiring)
    {
        await using var host = TestHost.Build(
            wiring,
            "ours",
            static zcrx => zcrx.DrainTimeout(TimeSpan.MinValue),
            static akka => akka.AddHocon("zcrx { actor-nam = x, dispatcher = missing }", HoconAddMode.Prepend));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Equal(["Zcrx:DrainTimeout", "zcrx.actor-nam", "zcrx.dispatcher"], error.Failures.Select(failure => failure.Split(": ")[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Health_is_the_same_through_Akka_Hosting_and_through_the_health_checks(bool akkaHosting)
    {
        await using var host = TestHost.Build(
            Wiring.WithZcrx,
            "ours",
            static zcrx => zcrx.AddQueues(1, 1.MiB()),
            akka => _ = akkaHosting ? akka.WithZcrxHealthChecks() : akka,
            services => _ = akkaHosting ? services.AddHealthChecks() : services.AddHealthChecks().AddZcrx());
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await checks.CheckHealthAsync()).Entries["zcrx"].Status);

        await host.StartAsync();

        var running = await checks.CheckHealthAsync();
        Assert.Equal(["zcrx", "zcrx-live"], running.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(running.Entries.Values, entry => Assert.Equal(HealthStatus.Healthy, entry.Status));
        // Uses Contains, because Akka.Hosting adds a tag of its own.
        Assert.Contains("ready", running.Entries["zcrx"].Tags);
        Assert.Contains("live", running.Entries["zcrx-live"].Tags);
        await host.StopAsync();
        Assert.StartsWith("Zcrx is Stopped.", (await checks.CheckHealthAsync()).Entries["zcrx"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithZcrx_alone_runs_without_IZcrx()
    {
        Received received = new();
        TaskCompletionSource<IPEndPoint> bound = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = TestHost.Build(services => services.AddAkka("ours", akka => akka
            .WithZcrx(zcrx => zcrx.UseEngine(ZcrxEngine.Emulated).Listen("127.0.0.1:0", received.Handle))
            .AddStartup(async (_, registry) => bound.SetResult((await registry.Get<ZcrxSupervisor>().Ask<ZcrxStatus>(new ZcrxCommand.GetStatus()).WithinLimit()).Listeners[0].EndPoint!))));
        Assert.Null(host.Services.GetService<IZcrx>());

        await host.StartAsync();
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(await bound.Task.WithinLimit()).WithinLimit();
        await client.SendAsync(new byte[1000]).WithinLimit();
        client.Shutdown(SocketShutdown.Send);

        var stream = await received.StreamAsync(0);
        Assert.Null(await stream.Ended.WithinLimit());
        Assert.Equal(1000, stream.Length);
        await host.StopAsync();
        Assert.True(host.Log.Has(1004));
    }

    [Fact]
    public async Task An_AddAkka_after_that_of_WithZcrx_fails_the_start_and_names_the_fix()
    {
        await using var host = TestHost.Build(static services => services
            .AddZcrx()
            .AddAkka("first", static akka => akka.WithZcrx(static zcrx => zcrx.UseEngine(ZcrxEngine.Emulated)))
            .AddAkka("second", static _ => { }));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.Contains("Of several AddAkka calls only the last one counts, so call WithZcrx there.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_timeout_of_the_delivery_phase_fits_the_drain_timeout_unless_the_application_sets_it()
    {
        await using var fits = TestHost.Build(Wiring.WithZcrx, "fits", static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(80)));
        await using var own = TestHost.Build(
            Wiring.WithZcrx,
            "own",
            static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(80)),
            static akka => akka.AddHocon("akka.coordinated-shutdown.phases.service-requests-done.timeout = 7s", HoconAddMode.Prepend));
        await using var alone = TestHost.Build(static services => services.AddZcrx(static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(80))));

        Assert.Equal([105, 7, 105], new[] { fits, own, alone }.Select(static host => CoordinatedShutdown
            .Get(host.Services.GetRequiredService<ActorSystem>()).Timeout(CoordinatedShutdown.PhaseServiceRequestsDone).TotalSeconds));
    }

    [Fact]
    public async Task The_timeout_of_the_delivery_phase_follows_the_last_WithZcrx()
    {
        await using var host = TestHost.Build(
            Wiring.WithZcrx,
            "ours",
            static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(80)),
            static akka => akka.WithZcrx(static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(3))));

        Assert.Equal(105, CoordinatedShutdown.Get(host.Services.GetRequiredService<ActorSystem>()).Timeout(CoordinatedShutdown.PhaseServiceRequestsDone).TotalSeconds);
    }

    [Fact]
    public async Task A_delivery_phase_that_is_shorter_than_the_drain_timeout_is_reported()
    {
        await using var shorter = TestHost.Build(Wiring.AkkaFirst, "ours", static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(10)));
        await using var fitting = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.DrainTimeout(TimeSpan.FromSeconds(10)));

        await shorter.StartAsync();
        await fitting.StartAsync();

        Assert.True(shorter.Log.Has(1011));
        Assert.False(fitting.Log.Has(1011));
    }

    [Theory]
    [InlineData(Wiring.AkkaFirst)]
    [InlineData(Wiring.WithZcrx)]
    public async Task An_actor_system_that_ends_during_the_start_ends_the_start_and_leaves_nothing_open(Wiring wiring)
    {
        for (int i = 0; i < 20; i++)
        {
            using Socket free = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            IPEndPoint port = (IPEndPoint)free.LocalEndPoint!;
            free.Dispose();
            await using var host = TestHost.Build(
                wiring,
                "ours",
                zcrx => zcrx.AddQueues(2, 1.MiB()).Listen(port, static _ => null!),
                static akka => akka.AddStartup(EndSystem));

            // The start may fail because the host was stopped. But it must end, and no port may stay open.
            _ = await Record.ExceptionAsync(host.StartAsync);
            await host.StopAsync();

            using Socket again = ListenSocket.Bind(port);
        }
    }

    [Fact]
    public async Task Options_may_depend_on_the_default_actor_system()
    {
        await using var host = TestHost.Build(static services => services
            .AddZcrx(static zcrx => zcrx.UseEngine(ZcrxEngine.Emulated))
            .AddOptions<ZcrxOptions>().Configure<ActorSystem>(static (options, system) => options.ActorName = $"{system.Name}-receiver"));

        await host.StartAsync();

        Assert.Equal("akka://zcrx/user/zcrx-receiver", host.Zcrx.Supervisor.Path.ToString());
    }

    [Fact]
    public async Task A_queue_gets_its_key_by_name_and_a_key_without_a_queue_is_refused()
    {
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.AddQueues(2, 1.MiB()).QueueKey<MarketData>("zcrx-1"));
        await using var missing = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.AddQueues(2, 1.MiB()).QueueKey<MarketData>("eth0-1"));

        await host.StartAsync();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(missing.StartAsync);

        Assert.IsType<ZcrxReply.Restarted>(await Required<MarketData>(host).Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("zcrx-1")).WithinLimit());
        Assert.Equal("Zcrx:Queues: no queue is called 'eth0-1', which has the registry key MarketData", Assert.Single(error.Failures));
    }

    private static void EndSystem(ActorSystem system, IActorRegistry registry) => _ = CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance);

    private static IActorRef Required<TKey>(TestHost host) => host.Services.GetRequiredService<IRequiredActor<TKey>>().ActorRef;

    private sealed class MarketData;

    private sealed class Greeter : ReceiveActor
    {
        public Greeter() => Receive<string>(text => Sender.Tell(text));
    }

    /// <summary>Requests the status of Zcrx, as an actor of an application would.</summary>
    private sealed class StatusReader : ReceiveActor
    {
        public StatusReader(IRequiredActor<ZcrxSupervisor> supervisor) => ReceiveAsync<string>(async _ =>
        {
            IActorRef asker = Sender;
            IActorRef zcrx = await supervisor.GetAsync();
            asker.Tell(await zcrx.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus()));
        });
    }
}
