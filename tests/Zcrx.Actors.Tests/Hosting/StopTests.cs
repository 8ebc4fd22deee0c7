using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

public class StopTests
{
    [Fact]
    public async Task A_stop_delivers_received_bytes()
    {
        const int Sent = 400_000;
        Received received = new();
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", connection =>
        {
            // The connection is paused until the stop begins, so all bytes must be delivered during the stop.
            connection.Pause();
            var handling = received.Handle(connection);
            accepted.SetResult(connection);
            return handling;
        }));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[Sent]).WithinLimit();
        var connection = await accepted.Task.WithinLimit();

        connection.Resume();
        await host.StopAsync();

        var stream = Assert.Single(received.Streams);
        Assert.Equal(Sent, stream.Length);
        var error = Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(Sent, error.StreamOffset);
        Assert.True(stream.IsDisposed);
        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal((ZcrxState.Stopped, 0), (status.State, status.Listeners[0].Connections));
        Assert.Equal((QueueState.Stopped, (long)Sent), (status.Queues[0].State, status.Queues[0].Statistics!.BytesReceived));
    }

    [Fact]
    public async Task Stop_waits_for_unreleased_leases_only_until_its_token_is_cancelled()
    {
        List<Interop.BufferLease> kept = [];
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .DrainTimeout(TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(buffer => kept.Add(buffer.Retain()), static _ => { })));
        using var client = await host.ConnectAsync();
        await client.SendAsync("kept"u8.ToArray());
        await host.Kit.AwaitConditionAsync(() => kept.Count == 1, "the bytes arrive");
        using CancellationTokenSource patience = new();

        var stopping = host.StopAsync(patience.Token);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1003), "stopping has begun");
        Assert.False(stopping.IsCompleted);
        await patience.CancelAsync();
        await stopping;

        Assert.Equal("kept"u8, kept[0].Span);
        kept[0].Dispose();
    }

    [Fact]
    public async Task Stop_resets_the_connection_whose_actor_has_not_acknowledged_and_logs_the_number()
    {
        using var system = TestKitConfig.CreateSystem("ours");
        Arrival arrival = new();
        var silent = system.ActorOf(Props.Create(() => new SilentActor(arrival)));
        var connections = 0;
        await using var host = await TestHost.StartAsync(
            zcrx => zcrx
                .DrainTimeout(TimeSpan.FromMilliseconds(100))
                .Listen("127.0.0.1:0", connection => Interlocked.Increment(ref connections) == 1
                    ? connection.Buffers.ToActor(silent)
                    : connection.Buffers.Subscribe(static _ => { }, static _ => { })),
            services => services.AddSingleton(system));
        using var waiting = await host.ConnectAsync();
        await waiting.SendAsync("not stored"u8.ToArray()).WithinLimit();
        using var lease = (await arrival.Data.Task.WithinLimit()).Lease;
        using var idle = await host.ConnectAsync();
        await host.Kit.AwaitConditionAsync(() => Volatile.Read(ref connections) == 2, "the second connection is accepted");

        await host.StopAsync();

        var reset = await Assert.ThrowsAsync<SocketException>(() => waiting.ReceiveAsync(new byte[1]).WithinLimit());
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        Assert.Equal(0, await idle.ReceiveAsync(new byte[1]).WithinLimit());
        var entry = Assert.Single(host.Log.Entries, static entry => entry.EventId == 1134);
        Assert.Contains("reset 1 connection(s)", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_actor_system_that_ends_first_drains_too()
    {
        const int Sent = 100_000;
        using var system = TestKitConfig.CreateSystem("ours");
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle), services => services.AddSingleton(system));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        await client.SendAsync(new byte[Sent]).WithinLimit();

        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.UnknownReason.Instance).WithinLimit();

        Assert.Equal(Sent, stream.Length);
        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(QueueState.Stopped, (await host.Zcrx.GetStatusAsync()).Queues[0].State);
        Assert.True(system.WhenTerminated.IsCompleted);
        // A stop of the host after the end of the actor system must not fail.
        await host.StopAsync();
    }

    [Fact]
    public async Task Termination_of_the_actor_system_without_coordinated_shutdown_closes_connections_and_ports()
    {
        using var system = TestKitConfig.CreateSystem("ours", "akka.coordinated-shutdown.run-by-actor-system-terminate = off");
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle), services => services.AddSingleton(system));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);

        await system.Terminate().WithinLimit();

        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        await host.StopAsync();
        await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync());
        Assert.Equal(ZcrxState.Stopped, (await host.Zcrx.GetStatusAsync()).State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Service_provider_can_be_disposed_synchronously_with_or_without_an_earlier_stop(bool stopped)
    {
        var host = await TestHost.StartAsync(static zcrx => zcrx.Listen("127.0.0.1:0", static connection => connection.Buffers.Subscribe(static _ => { }, static _ => { })));
        using var client = await host.ConnectAsync();
        if (stopped)
        {
            await host.StopAsync();
        }

        var (system, zcrx) = (host.System, host.Zcrx);
        ((IDisposable)host.Services).Dispose();

        await system.WhenTerminated.WithinLimit();
        await Eventually.TrueAsync(async () => (await zcrx.GetStatusAsync()).State == ZcrxState.Stopped, "everything is closed");
    }

    [Fact]
    public async Task Several_stops_at_once_are_one_stop()
    {
        ConcurrentQueue<Interop.BufferLease> kept = [];
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .DrainTimeout(TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(buffer => kept.Enqueue(buffer.Retain()), static _ => { })));
        using var client = await host.ConnectAsync();
        await client.SendAsync("kept"u8.ToArray()).WithinLimit();
        await host.Kit.AwaitConditionAsync(() => !kept.IsEmpty, "the bytes arrive");

        // The lease delays the first stop, so that the others arrive during it.
        Task[] stops = [host.StopAsync(), host.StopAsync(), host.System.Terminate()];
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1003), "the stop begins");
        Assert.DoesNotContain(stops, static stop => stop.IsCompleted);
        Assert.All(kept, static lease => lease.Dispose());
        await Task.WhenAll(stops).WithinLimit();

        Assert.Single(host.Log.Entries, static entry => entry.EventId == 1003);
        Assert.Single(host.Log.Entries, static entry => entry.EventId == 1004);
    }

    [Fact]
    public async Task No_connection_is_accepted_while_others_are_drained()
    {
        List<Interop.BufferLease> kept = [];
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .DrainTimeout(TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(buffer => kept.Add(buffer.Retain()), static _ => { })));
        using var client = await host.ConnectAsync();
        await client.SendAsync("kept"u8.ToArray());
        await host.Kit.AwaitConditionAsync(() => kept.Count == 1, "the bytes arrive");

        var stopping = host.StopAsync();
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
            "the port is closed during the drain");
        Assert.False(stopping.IsCompleted);
        Assert.Equal(ZcrxState.Stopping, (await host.Zcrx.GetStatusAsync()).State);

        kept[0].Dispose();
        await stopping;
        Assert.True(host.Log.Has(1104));
        Assert.True(host.Log.Has(1203));
    }

    [Fact]
    public async Task A_supervisor_that_fails_while_it_stops_is_not_started_again_and_leaves_nothing_open()
    {
        await using var host = await TestHost.StartAsync(
            static zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", static _ => null!),
            before: static services => services.AddSingleton<ILoggerProvider>(new ThrowingLogger(thrownAt: 1003)));
        var endPoint = host.Zcrx.EndPoints[0];

        await host.StopAsync();

        Assert.Equal(ZcrxState.Stopped, (await host.Zcrx.GetStatusAsync()).State);
        using Socket again = ListenSocket.Bind(endPoint);
    }

    [Fact]
    public async Task Streams_of_levels_and_samples_span_restarts_and_complete_with_the_host()
    {
        var host = TestHost.Build(static zcrx => zcrx.AddQueue(new ZcrxQueueOptions { AreaSize = 1.MiB(), StatisticsInterval = TimeSpan.FromMilliseconds(1) }));
        await using var stopped = host;
        var levels = 0;
        var samples = 0;
        TaskCompletionSource completed = new();
        // Subscribes before the start, as an injected consumer would.
        using var pressure = host.Zcrx.Pressure.Subscribe(_ => Interlocked.Increment(ref levels), completed.SetResult);
        using var statistics = host.Zcrx.Statistics.Subscribe(_ => Interlocked.Increment(ref samples));
        Assert.Equal(ZcrxState.Starting, (await host.Zcrx.GetStatusAsync()).State);
        Assert.Empty(host.Zcrx.EndPoints);

        await host.StartAsync();
        await host.Kit.AwaitConditionAsync(() => Volatile.Read(ref levels) == 1 && Volatile.Read(ref samples) > 0, "the first queue's level and samples are seen");
        await host.RestartAsync("zcrx-0");
        await host.Kit.AwaitConditionAsync(() => Volatile.Read(ref levels) == 2, "the second queue's level is seen");
        var before = Volatile.Read(ref samples);
        await host.Kit.AwaitConditionAsync(() => Volatile.Read(ref samples) > before, "the second queue is sampled");

        await host.StopAsync();
        await completed.Task.WithinLimit();
    }

    /// <summary>Contains the data that an actor has received.</summary>
    /// <remarks>
    /// Excluded from Akka's verification of actor creators, because its serialization would wait for the result of the task.
    /// </remarks>
    private sealed class Arrival : INoSerializationVerificationNeeded
    {
        public TaskCompletionSource<ZcrxStream.Data> Data { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Receives a stream, and never acknowledges its data.</summary>
    private sealed class SilentActor : ReceiveActor
    {
        public SilentActor(Arrival arrival)
        {
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            Receive<ZcrxStream.Data>(data => arrival.Data.TrySetResult(data));
            ReceiveAny(static _ => { });
        }
    }
}
