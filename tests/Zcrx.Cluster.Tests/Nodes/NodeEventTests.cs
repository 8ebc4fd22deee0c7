using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Cluster.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Cluster.Tests.Nodes;

/// <summary>Tests that a node's failures, restarts, copy storms and pressure reach another node as events and in the status.</summary>
public sealed class NodeEventTests : IAsyncLifetime
{
    private const string Queue = "zcrx-0";
    private const string Listener = "door";

    private readonly EmulatedFaultPlan _faults = new();
    private readonly EmulatedNic _nic = new(new EmulatedNicOptions { RxQueues = 1 });
    private readonly ConcurrentQueue<BufferLease> _kept = [];
    private readonly ConcurrentQueue<ZcrxNodeEvent> _events = [];
    private ClusterNode _node = null!;
    private ClusterNode _observer = null!;
    private IDisposable _subscription = null!;
    private volatile bool _isKeeping;

    public async Task InitializeAsync()
    {
        _node = await ClusterNode.StartAsync(zcrx: zcrx => zcrx
            .Configure(options =>
            {
                options.Queues[0] = new ZcrxQueueOptions
                {
                    Name = Queue, Interface = _nic.Name, RxQueue = 0, AreaSize = 64.KiB(), Emulation = new EmulatedKernelOptions { Faults = _faults, Nics = [_nic] },
                };
                options.Rebalancing.SampleInterval = TimeSpan.FromMilliseconds(50);
                options.Rebalancing.MinSampleBytes = 4 * 1024;
                options.Rebalancing.StormSamples = 2;
            })
            .Listen("127.0.0.1:0", Handle, Listener));
        _node.Join(_node);
        // The observing node has no queues. All events and queues that it gets are therefore those of the other node.
        _observer = await ClusterNode.StartAsync(receives: false);
        _observer.Join(_node);
        _subscription = _observer.All.Events.Subscribe(_events.Enqueue);
        await Deadline.UntilAsync(() => _observer.All.Nodes.ContainsKey(_node.Name), "the observer has the status");
        // The node learns of subscribers only by gossip, so its first events may be lost. The event is therefore repeated.
        await Deadline.UntilAsync(
            async () =>
            {
                Assert.IsType<ZcrxReply.Restarted>(await _node.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(Queue)).Within());
                return !_events.IsEmpty;
            },
            static () => "the events of the node reach the observer");
        // Events keep their order, so none of the repeated ones can arrive after those of the test.
        await Deadline.UntilAsync(() => QueueAtObserver().State == QueueState.Open, "the queue is open");
    }

    [Fact]
    public async Task Failure_and_restart_of_a_queue_are_visible_on_the_other_node()
    {
        long before = QueueAtObserver().Restarts;

        _faults.BreakRings(1);

        ZcrxNodeEvent failure = await EventAsync("QueueRestarting", "");
        Assert.NotEmpty(failure.Text);
        await EventAsync("QueueOpened", "emulated", after: failure);
        await Deadline.UntilAsync(() => QueueAtObserver() is { State: QueueState.Open } queue && queue.Restarts > before, "the status has the restart");
        Assert.Equal(failure.Text, QueueAtObserver().LastError);
    }

    [Fact]
    public async Task Beginning_and_end_of_a_copy_storm_are_visible_on_the_other_node()
    {
        using Socket client = await ConnectAsync();
        using CancellationTokenSource over = new();
        Task sending = SendAsync(client, over.Token);

        _faults.ForceCopies = true;
        ZcrxNodeEvent began = await EventAsync("StormBegan", "");
        await Deadline.UntilAsync(() => StatusAtObserver().Storms.Contains(Queue), "the status has the storm");
        Assert.True(QueueAtObserver().CopiedBytes > 0);
        _faults.ForceCopies = false;
        await EventAsync("StormEnded", "", after: began);
        await Deadline.UntilAsync(() => StatusAtObserver().Storms.Count == 0, "the status has no storm");

        await over.CancelAsync();
        await sending.Within("the client stops");
    }

    [Fact]
    public async Task Beginning_and_end_of_pressure_are_visible_on_the_other_node()
    {
        using Socket client = await ConnectAsync();
        using CancellationTokenSource over = new();
        _isKeeping = true;

        Task sending = SendAsync(client, over.Token);
        ZcrxNodeEvent exhausted = await EventAsync("PressureChanged", "Exhausted");
        await Deadline.UntilAsync(() => QueueAtObserver() is { Pressure: PoolPressureLevel.Exhausted, PausedConnections: 1 }, "the status has the pressure");
        Assert.Contains($"pool_exhausted:{Queue}", StatusAtObserver().Reasons);
        _isKeeping = false;
        Release();
        await EventAsync("PressureChanged", "Normal", after: exhausted);
        await Deadline.UntilAsync(() => QueueAtObserver() is { Pressure: PoolPressureLevel.Normal, PausedConnections: 0 }, "the status has no pressure");

        await over.CancelAsync();
        await sending.Within("the client stops");
    }

    public async Task DisposeAsync()
    {
        _subscription.Dispose();
        _isKeeping = false;
        Release();
        await _observer.DisposeAsync();
        await _node.DisposeAsync();
    }

    private static async Task SendAsync(Socket client, CancellationToken over)
    {
        byte[] bytes = new byte[64 * 1024];
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(10));
        while (!over.IsCancellationRequested)
        {
            await client.SendAsync(bytes, CancellationToken.None);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private IDisposable Handle(ZcrxConnection connection) => connection.Buffers.Subscribe(buffer =>
    {
        if (_isKeeping)
        {
            _kept.Enqueue(buffer.Retain());
        }
    });

    private void Release()
    {
        while (_kept.TryDequeue(out BufferLease? lease))
        {
            lease.Dispose();
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(_node.Zcrx.EndPoints[Listener]).Within();
        return client;
    }

    private ZcrxNodeStatus StatusAtObserver() => _observer.All.Nodes[_node.Name];

    private ZcrxNodeQueue QueueAtObserver() => Assert.Single(StatusAtObserver().Queues);

    /// <summary>Waits until the observing node has received an event of the queue.</summary>
    /// <param name="kind">The kind that the event must have.</param>
    /// <param name="text">Words that the text of the event must contain.</param>
    /// <param name="after">An earlier event, or null. Only events after it are considered.</param>
    private async Task<ZcrxNodeEvent> EventAsync(string kind, string text, ZcrxNodeEvent? after = null)
    {
        ZcrxNodeEvent? found = null;
        await Deadline.UntilAsync(
            () =>
            {
                IEnumerable<ZcrxNodeEvent> events = after is null ? _events : _events.SkipWhile(happened => happened != after).Skip(1);
                found = events.FirstOrDefault(happened => happened.Kind == kind && happened.Text.Contains(text, StringComparison.Ordinal));
                return found is not null;
            },
            () => $"{kind} {text} is seen on the other node: {string.Join("; ", _events)}");
        Assert.Equal((_node.Name, Queue), (found!.Node, found.Subject));
        return found;
    }
}
