using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

public class StartTests
{
    [Fact]
    public async Task A_port_in_use_fails_the_start_with_the_reason()
    {
        using Socket other = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var host = TestHost.Build(zcrx => zcrx.Listen((IPEndPoint)other.LocalEndPoint!, static _ => null!));

        var error = await Assert.ThrowsAsync<ZcrxException>(host.StartAsync);

        Assert.Equal("EADDRINUSE", error.ErrorName);
        Assert.Equal(LogLevel.Critical, Assert.Single(host.Log.Entries, entry => entry.EventId == 1002 && entry.Exception == error).Level);
        Assert.Null((await host.Zcrx.GetStatusAsync()).Listeners[0].EndPoint);
    }

    [Fact]
    public async Task An_engine_that_cannot_work_fails_the_start_with_the_reason()
    {
        await using var host = TestHost.Build(static zcrx => zcrx.AddQueue(new ZcrxQueueOptions
        {
            // This kernel has no device-less mode, and no NIC is configured, so the queue cannot be opened.
            Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.Linux619 },
        }));

        await Assert.ThrowsAsync<ZcrxUnsupportedException>(host.StartAsync);

        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal(ZcrxState.Stopped, status.State);
        Assert.IsType<ZcrxUnsupportedException>(status.Queues[0].LastError);
    }

    [Fact]
    public async Task A_start_that_failed_leaves_the_actor_system_of_the_services_alone()
    {
        using var system = TestKitConfig.CreateSystem("ours");
        using Socket other = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using (var host = TestHost.Build(zcrx => zcrx.Listen((IPEndPoint)other.LocalEndPoint!, static _ => null!), services => services.AddSingleton(system)))
        {
            await Assert.ThrowsAsync<ZcrxException>(host.StartAsync);
        }

        Assert.False(system.WhenTerminated.IsCompleted);
        // A second start in the same actor system proves that the actor name is free again.
        await using var next = await TestHost.StartAsync(static _ => { }, services => services.AddSingleton(system));
    }

    [Fact]
    public async Task A_host_that_has_stopped_can_be_followed_by_another_in_the_same_actor_system()
    {
        using var system = TestKitConfig.CreateSystem("ours");
        for (var i = 0; i < 50; i++)
        {
            await using var host = await TestHost.StartAsync(static _ => { }, services => services.AddSingleton(system));
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task An_actor_system_registered_before_without_Akka_Hosting_is_used_and_not_ended()
    {
        using var system = TestKitConfig.CreateSystem("ours");
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle), services => services.AddSingleton(system));

        Assert.Same(system, host.System);
        Assert.Equal("akka://ours/user/zcrx", host.Zcrx.Supervisor.Path.ToString());
        await host.StopAsync();

        Assert.False(system.WhenTerminated.IsCompleted);
        using HostKit kit = new(system);
        var probe = kit.CreateTestProbe();
        await probe.WatchAsync(host.Zcrx.Supervisor);
        await probe.ExpectTerminatedAsync(host.Zcrx.Supervisor);
    }

    [Fact]
    public async Task An_actor_system_registered_after_AddZcrx_without_Akka_Hosting_fails_the_start_and_names_the_fix()
    {
        using var system = TestKitConfig.CreateSystem("ours");
        await using var host = TestHost.Build(static _ => { }, after: services => services.AddSingleton(system));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.Contains("Register yours before AddZcrx, or create it with services.AddAkka", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddZcrx_without_an_actor_system_creates_one_that_ends_with_the_host()
    {
        await using var host = TestHost.Build(static services => services.AddZcrx(static zcrx => zcrx.UseEngine(ZcrxEngine.Emulated)));
        await host.StartAsync();
        Assert.Equal("akka://zcrx/user/zcrx", host.Zcrx.Supervisor.Path.ToString());

        await host.StopAsync();

        Assert.True(host.System.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task An_actor_system_that_has_ended_fails_the_start()
    {
        using var system = TestKitConfig.CreateSystem("ours");
        await system.Terminate().WithinLimit();
        await using var host = TestHost.Build(static _ => { }, services => services.AddSingleton(system));

        await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.True(host.Log.Has(1002));
    }

    [Fact]
    public async Task Several_calls_configure_one_service()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(
            zcrx => zcrx.AddQueues(1).Listen("127.0.0.1:0", received.Handle),
            after: services => services.AddZcrx(zcrx => zcrx.AddQueues(1).Listen("127.0.0.1:0", (provider, connection) => provider.GetRequiredService<Received>().Handle(connection)))
                .AddSingleton(received));

        Assert.Equal(2, host.Zcrx.EndPoints.Count);
        using var first = await host.ConnectAsync(0);
        using var second = await host.ConnectAsync(1);
        await received.StreamAsync(1);
        Assert.Equal(["zcrx-0", "zcrx-1"], (await host.Zcrx.GetStatusAsync()).Queues.Select(queue => queue.Name));
    }

    [Fact]
    public async Task Without_hosting_the_supervisor_is_an_actor_like_any_other()
    {
        using var system = TestKitConfig.CreateSystem("plain");
        ZcrxOptions options = new() { Engine = ZcrxEngine.Emulated };
        options.Listeners.Add(new ZcrxListenerOptions { EndPoint = "127.0.0.1:0", Handler = static _ => null! });
        using HostKit kit = new(system);
        var probe = kit.CreateTestProbe();
        var supervisor = system.ActorOf(ZcrxSupervisor.Props(options), "receiver");

        var status = await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit();
        Assert.Equal(ZcrxState.Running, status.State);
        Assert.NotEqual(0, status.Listeners[0].EndPoint!.Port);
        Assert.Equal(ZcrxState.Running, (await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit()).State);

        var last = await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(TimeSpan.Zero)).WithinLimit();
        Assert.Equal((ZcrxState.Stopped, QueueState.Stopped), (last.State, last.Queues[0].State));
        Assert.Null(last.Listeners[0].EndPoint);
        await probe.WatchAsync(supervisor);
        await probe.ExpectTerminatedAsync(supervisor);
        await system.Terminate().WithinLimit();
    }

    [Fact]
    public void Without_hosting_invalid_options_are_refused_all_at_once()
    {
        ZcrxOptions options = new() { ActorName = "", DrainTimeout = TimeSpan.MinValue };

        var error = Assert.Throws<ZcrxConfigurationException>(() => ZcrxSupervisor.Props(options));

        Assert.Equal(["Zcrx:ActorName", "Zcrx:DrainTimeout"], error.Errors.Select(one => one.Path));
    }
}
