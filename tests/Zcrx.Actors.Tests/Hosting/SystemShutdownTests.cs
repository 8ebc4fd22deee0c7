using System.Net.Sockets;
using Akka;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests the end of an actor system of Akka.Hosting, in every combination with Zcrx.</summary>
public class SystemShutdownTests
{
    [Theory]
    [InlineData(Wiring.ZcrxFirst)]
    [InlineData(Wiring.AkkaFirst)]
    [InlineData(Wiring.WithZcrx)]
    [InlineData(Wiring.WithZcrxFirst)]
    [InlineData(Wiring.Both)]
    public async Task A_host_that_stops_drains_closes_and_ends_the_actor_system(Wiring wiring)
    {
        const int Sent = 400_000;
        Received received = new();
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = Build(wiring, zcrx => zcrx.Listen("127.0.0.1:0", connection =>
        {
            connection.Pause();
            var handling = received.Handle(connection);
            accepted.SetResult(connection);
            return handling;
        }));
        await host.StartAsync();
        Assert.Equal("akka://theirs/user/zcrx", host.Zcrx.Supervisor.Path.ToString());
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[Sent]).WithinLimit();
        (await accepted.Task.WithinLimit()).Resume();

        await host.StopAsync();

        // All received bytes were delivered, the stream has ended with an error, and the actor system has ended.
        var stream = Assert.Single(received.Streams);
        Assert.Equal(Sent, stream.Length);
        Assert.Equal(Sent, Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit()).StreamOffset);
        Assert.True(stream.IsDisposed);
        Assert.True(host.System.WhenTerminated.IsCompleted);
        Assert.Single(host.Log.Entries, entry => entry.EventId == 1004);
        Assert.DoesNotContain(host.Log.Entries, entry => entry.EventId == 1006);
        Assert.Equal(ZcrxState.Stopped, (await host.Zcrx.GetStatusAsync()).State);
    }

    [Theory]
    [InlineData(Wiring.ZcrxFirst)]
    [InlineData(Wiring.AkkaFirst)]
    [InlineData(Wiring.WithZcrx)]
    [InlineData(Wiring.WithZcrxFirst)]
    [InlineData(Wiring.Both)]
    public async Task An_actor_system_that_was_resolved_before_the_start_is_used(Wiring wiring)
    {
        await using var host = Build(wiring, static _ => { });
        var early = host.Services.GetRequiredService<ActorSystem>();
        using HostKit kit = new(early);
        var probe = kit.Subscribe(typeof(ZcrxEvent));

        await host.StartAsync();

        Assert.Same(early, host.System);
        // The test has subscribed before the start, so it must receive this event.
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        Assert.Equal(ZcrxState.Running, (await probe.FishForMessageAsync<ZcrxEvent.Started>()).Status.State);
    }

    [Theory]
    [InlineData(Wiring.ZcrxFirst)]
    [InlineData(Wiring.AkkaFirst)]
    [InlineData(Wiring.WithZcrx)]
    [InlineData(Wiring.WithZcrxFirst)]
    [InlineData(Wiring.Both)]
    public async Task An_actor_system_that_ends_first_drains_and_ends_the_host(Wiring wiring)
    {
        const int Sent = 100_000;
        Received received = new();
        await using var host = Build(wiring, zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        await host.StartAsync();
        TaskCompletionSource stopping = new();
        using var registration = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[Sent]).WithinLimit();
        var stream = await received.StreamAsync(0);

        await host.System.Terminate().WithinLimit();

        await stopping.Task.WithinLimit();
        Assert.Equal(Sent, stream.Length);
        Assert.Single(host.Log.Entries, entry => entry.EventId == 1204);
        Assert.DoesNotContain(host.Log.Entries, entry => entry.EventId == 1006);
    }

    [Fact]
    public async Task Tasks_of_the_application_in_service_unbind_find_their_connections_open_and_the_ports_closed()
    {
        Received received = new();
        await using var host = Build(Wiring.WithZcrx, zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        await host.StartAsync();
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        ZcrxStatus? seen = null;
        CoordinatedShutdown.Get(host.System).AddTask(CoordinatedShutdown.PhaseServiceUnbind, "application", async () =>
        {
            await host.Kit.AwaitConditionAsync(async () => !(await host.Zcrx.GetStatusAsync()).IsAccepting, "the ports are being closed");
            await host.Kit.AwaitConditionAsync(
                async () =>
                {
                    try
                    {
                        using var refused = await host.ConnectAsync();
                        return false;
                    }
                    catch (SocketException)
                    {
                        return true;
                    }
                },
                "no connection is accepted any more");
            // The connection must still receive bytes while this task of the application runs.
            await client.SendAsync(new byte[1_000]).WithinLimit();
            await host.Kit.AwaitConditionAsync(() => stream.Length == 1_000, "an open connection continues");
            seen = await host.Zcrx.GetStatusAsync();
            return Done.Instance;
        });

        await CoordinatedShutdown.Get(host.System).Run(CoordinatedShutdown.UnknownReason.Instance).WithinLimit();

        Assert.Equal((ZcrxState.Running, QueueState.Open), (seen!.State, seen.Queues[0].State));
        Assert.Null(seen.Listeners[0].EndPoint);
        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
    }

    [Fact]
    public async Task Stop_waits_for_unreleased_leases_no_longer_than_its_phase()
    {
        List<BufferLease> kept = [];
        TaskCompletionSource<Exception> broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = Build(
            Wiring.WithZcrx,
            zcrx => zcrx.DrainTimeout(TimeSpan.FromHours(1)).Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(buffer => kept.Add(buffer.Retain()), broken.SetResult)),
            "akka.coordinated-shutdown.phases.service-requests-done.timeout = 500ms");
        await host.StartAsync();
        using var client = await host.ConnectAsync();
        await client.SendAsync("kept"u8.ToArray()).WithinLimit();
        await host.Kit.AwaitConditionAsync(() => kept.Count == 1, "the bytes arrive");

        await CoordinatedShutdown.Get(host.System).Run(CoordinatedShutdown.UnknownReason.Instance).WithinLimit();

        Assert.IsType<ZcrxStreamException>(await broken.Task.WithinLimit());
        Assert.Equal("kept"u8, kept[0].Span);
        kept[0].Dispose();
        Assert.True(host.Log.Has(1004));
    }

    [Fact]
    public async Task Ports_that_are_closed_on_demand_leave_the_connections()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", received.Handle).Listen("127.0.0.1:0", received.Handle));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);

        var status = await host.Zcrx.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.CloseListeners()).WithinLimit();

        Assert.False(status.IsAccepting);
        Assert.All(status.Listeners, listener => Assert.Null(listener.EndPoint));
        Assert.All(status.Listeners, listener => Assert.Null(listener.Error));
        await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync(1));
        await client.SendAsync(new byte[10]).WithinLimit();
        await host.Kit.AwaitConditionAsync(() => stream.Length == 10, "the connection continues");
        // A second command and a restart of the queue give the same result.
        await host.RestartAsync("zcrx-1");
        Assert.False((await host.Zcrx.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.CloseListeners()).WithinLimit()).IsAccepting);
        await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync(0));
    }

    private static TestHost Build(Wiring wiring, Action<ZcrxBuilder> configure, string hocon = "") =>
        TestHost.Build(wiring, "theirs", configure, akka => akka.AddHocon(hocon, HoconAddMode.Prepend));
}
