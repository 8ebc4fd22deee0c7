using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests a consumer that blocks the ring thread of one of two queues.</summary>
public class WatchdogTests
{
    private const int Connections = 200;
    private const int HeldConnections = 50;

    [Fact]
    public async Task Stuck_queue_is_named_gets_no_connections_and_recovers_when_the_callback_returns()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release, static options => options.Watchdog.NotLiveAfter = TimeSpan.FromSeconds(1));
        TestHost host = bench.Host;
        var events = host.Kit.Subscribe(typeof(ZcrxEvent.QueueStuck));
        using MetricsReader metrics = new(host.Services);

        using Socket blocker = await bench.BlockAsync();

        ZcrxEvent.QueueStuck stuck = await events.ExpectMsgAsync<ZcrxEvent.QueueStuck>();
        Assert.Equal(bench.Blocked!.QueueName, stuck.Queue);
        Assert.Equal(bench.Blocked.Id, stuck.Stuck!.ConnectionId);
        Assert.Equal($"in OnNext of {bench.Blocked}", stuck.Stuck.Place);
        HealthReportEntry health = await bench.CheckAsync("zcrx");
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains($"queue_stuck:{stuck.Queue}", (IEnumerable<string>)health.Data["reasons"]);
        Assert.Contains($"in OnNext of {bench.Blocked}", health.Description, StringComparison.Ordinal);
        Assert.True(host.Log.Has(1130));
        Assert.Equal(1, metrics.Read("zcrx.queue.stuck", queue: stuck.Queue));

        await bench.ServeAsync(Connections);

        Assert.All(bench.Served, connection => Assert.NotEqual(stuck.Queue, connection.QueueName));
        await host.Kit.AwaitConditionAsync(async () => (await bench.CheckAsync("zcrx-live")).Status == HealthStatus.Unhealthy, "liveness fails in the end");
        Assert.True(host.Log.Has(1132));

        release.Set();

        Assert.Null((await events.ExpectMsgAsync<ZcrxEvent.QueueStuck>()).Stuck);
        await host.Kit.AwaitConditionAsync(async () => (await bench.CheckAsync("zcrx")).Status == HealthStatus.Healthy && (await bench.CheckAsync("zcrx-live")).Status == HealthStatus.Healthy, "the queue is healthy again");
        Assert.Equal(0, metrics.Read("zcrx.queue.stuck", queue: stuck.Queue));
        await bench.ServeAsync(Connections);
        Assert.Contains(bench.Served, connection => connection.QueueName == stuck.Queue);
    }

    [Fact]
    public async Task RestartQueue_abandons_a_stuck_ring_thread_and_its_connections_end_with_an_error()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release);
        TestHost host = bench.Host;
        var closed = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionClosed));
        await bench.HoldAsync(HeldConnections);
        using Socket blocker = await bench.BlockAsync();
        string queue = bench.Blocked!.QueueName;
        ZcrxConnection[] beside = [.. bench.Served.Where(connection => connection.QueueName == queue)];
        Assert.NotEmpty(beside);

        QueueStatus status = await host.RestartAsync(queue, TimeSpan.Zero);

        Assert.Equal(QueueState.Open, status.State);
        Assert.True(host.Log.Has(1133));
        ZcrxEvent.ConnectionClosed end = await closed.FishForMessageAsync<ZcrxEvent.ConnectionClosed>(message => message.ConnectionId == bench.Blocked.Id);
        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(end.Error);
        Assert.Contains("its queue was abandoned, because the ring thread had been stuck", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SocketException>(() => blocker.ReceiveAsync(new byte[1]).WithinLimit());
        await host.Kit.AwaitConditionAsync(
            () => beside.All(connection => bench.EndOf(connection) is ZcrxStreamException told && told.Message.Contains("its queue was abandoned", StringComparison.Ordinal)),
            "the observers of the other connections know why they ended");
        await bench.ServeAsync(Connections);
        Assert.Contains(bench.Served, connection => connection.QueueName == queue);
        // The callback returns now. The abandoned thread must not touch resources of the next queue.
        release.Set();
        await bench.ServeAsync(Connections);
    }

    [Fact]
    public async Task Observers_that_wait_for_the_stuck_callback_when_their_queue_is_abandoned_are_counted_in_the_log()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release, observersWait: true);
        TestHost host = bench.Host;
        await bench.HoldAsync(HeldConnections);
        using Socket blocker = await bench.BlockAsync();
        string queue = bench.Blocked!.QueueName;
        int waiting = bench.Served.Count(connection => connection.QueueName == queue);
        Assert.NotEqual(0, waiting);

        Assert.Equal(QueueState.Open, (await host.RestartAsync(queue, TimeSpan.Zero)).State);

        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1136), "the observers that did not return are reported");
        LogRecorder.LogEntry entry = Assert.Single(host.Log.Entries, static entry => entry.EventId == 1136);
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.StartsWith($"Queue {queue}: {waiting} observer(s) had not returned in time", entry.Message, StringComparison.Ordinal);
        // Once the stuck callback returns, all observers get the error, including those that were not notified in time.
        release.Set();
        await host.Kit.AwaitConditionAsync(() => bench.Ends == waiting + 1, "all observers of the queue have returned");
    }

    [Fact]
    public async Task Stuck_ring_thread_is_abandoned_although_the_actor_of_its_queue_was_killed()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release);
        TestHost host = bench.Host;
        using Socket blocker = await bench.BlockAsync();

        host.System.ActorSelection($"{host.Zcrx.Supervisor.Path}/queue-*/incarnation").Tell(Kill.Instance);

        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1133), "the ring thread is abandoned");
        await Assert.ThrowsAsync<SocketException>(() => blocker.ReceiveAsync(new byte[1]).WithinLimit());
        await host.Kit.AwaitConditionAsync(
            async () => (await host.Zcrx.GetStatusAsync()).Queues.All(static queue => queue.State == QueueState.Open), "both queues are open again");
        release.Set();
    }

    [Fact]
    public async Task Stuck_ring_thread_is_abandoned_although_its_actor_was_killed_before_the_next_queue_took_over_its_registration()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release, nic: new EmulatedNic(new EmulatedNicOptions { RxQueues = 1 }));
        TestHost host = bench.Host;
        using Socket blocker = await bench.BlockAsync();
        string queue = bench.Blocked!.QueueName;

        // The drain time is longer than the test. So the actor of the queue does not abandon the ring thread before the test kills it.
        host.Zcrx.Supervisor.Tell(new ZcrxCommand.RestartQueue(queue, TimeSpan.FromHours(1)));
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0].State == QueueState.Stopping, "the restart has begun");
        host.System.ActorSelection($"{host.Zcrx.Supervisor.Path}/queue-*/incarnation").Tell(Kill.Instance);

        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1133), "the ring thread is abandoned");
        await Assert.ThrowsAsync<SocketException>(() => blocker.ReceiveAsync(new byte[1]).WithinLimit());
        // The stuck thread keeps the RX queue until its callback returns.
        release.Set();
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0].State == QueueState.Open, "the queue is open again");
        await bench.ServeAsync(1);
    }

    [Fact]
    public async Task Restarts_that_are_repeated_do_not_postpone_when_a_stuck_ring_thread_is_abandoned()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release);
        TestHost host = bench.Host;
        using Socket blocker = await bench.BlockAsync();
        string queue = bench.Blocked!.QueueName;

        Task<QueueStatus> restart = host.RestartAsync(queue, TimeSpan.Zero);
        host.Zcrx.Supervisor.Tell(new ZcrxCommand.RestartQueue(queue, TimeSpan.FromHours(1)));

        Assert.Equal(QueueState.Open, (await restart.WithinLimit()).State);
        Assert.True(host.Log.Has(1133));
        release.Set();
    }

    [Fact]
    public async Task Stop_abandons_a_stuck_ring_thread_after_its_drain_time()
    {
        using ManualResetEventSlim release = new();
        await using Bench bench = await Bench.StartAsync(release, static options => options.DrainTimeout = TimeSpan.FromMilliseconds(100));
        using Socket blocker = await bench.BlockAsync();

        await bench.Host.StopAsync();

        Assert.True(bench.Host.Log.Has(1133));
        Assert.Equal(ZcrxState.Stopped, (await bench.Host.Zcrx.GetStatusAsync()).State);
        await Assert.ThrowsAsync<SocketException>(() => blocker.ReceiveAsync(new byte[1]).WithinLimit());
        release.Set();
    }

    /// <summary>Runs a host whose handler echoes. A buffer that begins with the byte 0 blocks the handler and its ring thread.</summary>
    private sealed class Bench(TestHost host, ManualResetEventSlim release, bool observersWait) : IAsyncDisposable
    {
        private readonly List<ZcrxConnection> _served = [];
        private readonly List<Socket> _held = [];
        private readonly ConcurrentDictionary<ZcrxConnection, Exception> _ends = new();
        private volatile ZcrxConnection? _blocked;

        public TestHost Host => host;

        public ZcrxConnection? Blocked => _blocked;

        public IReadOnlyList<ZcrxConnection> Served
        {
            get
            {
                lock (_served)
                {
                    return [.. _served];
                }
            }
        }

        /// <summary>Gets the number of streams that have ended with an error, and whose observer has returned.</summary>
        public int Ends => _ends.Count;

        public static async Task<Bench> StartAsync(ManualResetEventSlim release, Action<ZcrxOptions>? configure = null, EmulatedNic? nic = null, bool observersWait = false)
        {
            Bench? bench = null;
            TestHost host = TestHost.Build(
                zcrx => (nic is null ? zcrx.AddQueues(2, 1.MiB()) : zcrx.AddQueue(OnNic(nic)))
                    .Configure(static options => options.Watchdog.StuckAfter = TimeSpan.FromMilliseconds(500))
                    .Configure(options => configure?.Invoke(options))
                    .Listen("127.0.0.1:0", connection => bench!.Handle(connection)),
                services => services.AddHealthChecks().AddZcrx());
            bench = new Bench(host, release, observersWait);
            await host.StartAsync();
            return bench;
        }

        private static ZcrxQueueOptions OnNic(EmulatedNic nic) => new()
        {
            Name = "queue-0",
            Engine = ZcrxEngine.Emulated,
            AreaSize = 1.MiB(),
            Interface = nic.Name,
            Emulation = new EmulatedKernelOptions { Nics = [nic] },
        };

        /// <summary>Blocks the ring thread of one queue.</summary>
        public async Task<Socket> BlockAsync()
        {
            Socket client = await host.ConnectAsync();
            await client.SendAsync(new byte[1]).WithinLimit();
            await host.Kit.AwaitConditionAsync(() => _blocked is not null, "the consumer blocks");
            return client;
        }

        /// <summary>Returns the error that ended the stream of a connection, or null.</summary>
        public Exception? EndOf(ZcrxConnection connection) => _ends.GetValueOrDefault(connection);

        /// <summary>Connects clients, waits for a reply to each, and keeps the connections open.</summary>
        public async Task HoldAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Socket client = await host.ConnectAsync();
                _held.Add(client);
                await client.SendAsync("x"u8.ToArray()).WithinLimit();
                Assert.Equal(1, await client.ReceiveAsync(new byte[1]).WithinLimit());
            }
        }

        /// <summary>Connects clients and waits for a reply to each.</summary>
        public async Task ServeAsync(int count)
        {
            lock (_served)
            {
                _served.Clear();
            }

            for (int i = 0; i < count; i++)
            {
                using Socket client = await host.ConnectAsync();
                await client.SendAsync("x"u8.ToArray()).WithinLimit();
                Assert.Equal(1, await client.ReceiveAsync(new byte[1]).WithinLimit());
            }
        }

        public async Task<HealthReportEntry> CheckAsync(string name) =>
            (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == name).WithinLimit()).Entries[name];

        public async ValueTask DisposeAsync()
        {
            release.Set();
            _held.ForEach(static client => client.Dispose());
            await host.DisposeAsync();
        }

        private IDisposable Handle(ZcrxConnection connection) => connection.Buffers.Subscribe(
            buffer =>
            {
                if (buffer.Span[0] == 0)
                {
                    _blocked = connection;
                    release.Wait();
                    return;
                }

                lock (_served)
                {
                    _served.Add(connection);
                }

                _ = connection.SendAsync(buffer.Span.ToArray()).AsTask();
            },
            error =>
            {
                if (observersWait)
                {
                    release.Wait();
                }

                _ends[connection] = error;
            });
    }
}
