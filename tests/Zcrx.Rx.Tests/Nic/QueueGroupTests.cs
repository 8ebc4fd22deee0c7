using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Nic;

/// <summary>
/// Tests a group of queues that exchanges connections. Each connection must end up on the queue on which its packets arrive.
/// </summary>
[Collection(SocketsCollection.Name)]
public class QueueGroupTests : IClassFixture<ResourceCheck>
{
    private const int RxQueues = 4;

    [Fact]
    public async Task A_connection_is_placed_where_its_packets_arrive_before_its_first_byte()
    {
        await using Bench bench = await Bench.OpenAsync(ours: 4);
        for (int i = 0; i < 16; i++)
        {
            (Peer peer, ZcrxConnection connection) = await bench.Queues[0].ConnectAsync();
            using (peer)
            {
                int arrival = bench.Group.ArrivalOf(connection)!.Value.Queue;
                ZcrxQueue? chosen = bench.Group.Choose(connection);
                Assert.Equal(arrival == 0 ? null : bench.Queues[arrival].Queue, chosen);
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                Assert.True(chosen is null || await bench.Group.MoveAsync(connection, chosen, MoveReason.Placement).Within("the connection is placed"));
                await peer.SendAllAsync(50_000);
                await recorder.AssertCompletedAsync(50_000);
            }
        }

        Assert.DoesNotContain(bench.Moves, static moved => moved.Reason == MoveReason.ForeignMemory);
        Assert.Equal(16 * 50_000, Enumerable.Range(0, RxQueues).Sum(rx => bench.Nic.CountersOf(rx).ZeroCopyBytes));
    }

    [Fact]
    public async Task Connections_with_unknown_arrival_spread_over_queues_even_in_one_burst()
    {
        List<TestQueue> queues = [await TestQueue.OpenAsync(), await TestQueue.OpenAsync(), await TestQueue.OpenAsync()];
        ZcrxQueueGroup group = new();
        queues.ForEach(queue => group.Add(queue.Queue, null));
        List<Peer> peers = [];
        List<Task<bool>> moves = [];
        for (int i = 0; i < 30; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queues[0].ConnectAsync();
            peers.Add(peer);
            if (group.Choose(connection) is { } queue)
            {
                moves.Add(group.MoveAsync(connection, queue, MoveReason.Placement));
            }
        }

        Assert.All(await Task.WhenAll(moves).Within("the connections are placed"), Assert.True);
        // The counts may differ by one. If a connection arrives while the group chooses a queue, the group may count it twice.
        Assert.All(queues, static queue => Assert.InRange(queue.Queue.Snapshot().Connections, 9, 11));
        foreach (TestQueue queue in queues)
        {
            Assert.Equal(queue.Queue.Snapshot().Connections, (await queue.Queue.GetConnectionsAsync()).Count);
            await queue.DisposeAsync();
            Assert.Empty(await queue.Queue.GetConnectionsAsync());
        }

        Assert.Empty(group.Queues);
        peers.ForEach(static peer => peer.Dispose());
    }

    [Fact]
    public async Task Payload_in_the_memory_of_another_queue_is_received_there()
    {
        await using Bench bench = await Bench.OpenAsync(ours: 4);
        (Peer peer, ZcrxConnection connection) = await bench.Queues[0].ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            for (int i = 1; i <= 8; i++)
            {
                bench.SteerAll(i % RxQueues);
                await peer.SendAsync(100_000);
                await recorder.ReachAsync(i * 100_000);
                Assert.Equal(bench.Queues[i % RxQueues].Queue.Name, connection.QueueName);
            }

            peer.EndSending();
            await recorder.AssertCompletedAsync(800_000);
        }

        Assert.All(Enumerable.Range(0, RxQueues), rx => Assert.Equal(200_000, bench.Nic.CountersOf(rx).ZeroCopyBytes));
        await Deadline.UntilAsync(() => bench.Moves.Count(static moved => moved.Reason == MoveReason.ForeignMemory) == 8, "every move is published");
        Assert.Equal(0, bench.Queues.Sum(static queue => queue.Queue.Snapshot().CopiedBytes));
    }

    [Fact]
    public async Task Payload_in_the_memory_of_a_foreign_queue_ends_the_stream_with_the_reason()
    {
        await using Bench bench = await Bench.OpenAsync(ours: 2);
        await using TestQueue stranger = await bench.OpenQueueAsync(3);
        (Peer peer, ZcrxConnection connection) = await bench.Queues[0].ConnectAsync();
        using (peer)
        {
            bench.SteerAll(0);
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(10_000);
            await recorder.ReachAsync(10_000);
            bench.SteerAll(3);
            await peer.SendAsync(10_000);
            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Equal(("EFAULT", 10_000), (error.ErrorName, error.StreamOffset));
            Assert.Contains("another interface queue", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task RSS_table_that_changes_constantly_loses_no_byte()
    {
        await using Bench bench = await Bench.OpenAsync(ours: 3);
        List<Task> streams = [.. Enumerable.Range(0, 12).Select(_ => bench.StreamAsync(20_000_000))];
        Task all = Task.WhenAll(streams);
        Random random = new(1);
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(3));
        while (!all.IsCompleted)
        {
            bench.Nic.RssTable = [.. Enumerable.Range(0, 128).Select(_ => random.Next(RxQueues))];
            await pace.WaitForNextTickAsync();
        }

        await all;
        Assert.Contains(bench.Moves, static moved => moved.Reason == MoveReason.ForeignMemory);
    }

    [Fact]
    public async Task Queues_that_drain_together_still_receive_payload_in_each_others_memory()
    {
        Bench bench = await Bench.OpenAsync(ours: 3);
        (Peer peer, ZcrxConnection connection) = await bench.Queues[0].ConnectAsync();
        using (peer)
        {
            bench.SteerAll(0);
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(10_000);
            await recorder.ReachAsync(10_000);
            // The lease keeps this queue open until all bytes of the other connection have arrived.
            (Peer holder, ZcrxConnection held) = await bench.Queues[2].ConnectAsync();
            TaskCompletionSource<BufferLease> lease = new();
            using IDisposable keeping = held.Buffers.Subscribe(buffer => lease.TrySetResult(buffer.Retain()), static _ => { });
            bench.SteerAll(2);
            await holder.SendAsync(100);
            BufferLease kept = await lease.Task.Within("a buffer is kept");
            connection.Pause();
            await peer.SendAllAsync(10_000);
            connection.Resume();
            Task stopping = Task.WhenAll(bench.Queues.Select(static queue => queue.Queue.StopAsync(Deadline.Limit)));
            await recorder.AssertCompletedAsync(20_000);
            kept.Dispose();
            await stopping.Within("the queues are drained");
            holder.Dispose();
        }

        await bench.DisposeAsync();
    }

    /// <summary>Represents an interface with four RX queues. The group has queues on the first ones.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private int? _rule;

        private Bench()
        {
        }

        public EmulatedNic Nic { get; } = new(new EmulatedNicOptions { RxQueues = RxQueues, RetransmitDelay = TimeSpan.FromMilliseconds(5) });

        public ZcrxQueueGroup Group { get; } = new();

        public List<TestQueue> Queues { get; } = [];

        public ConcurrentQueue<ConnectionMoved> Moves { get; } = [];

        public static async Task<Bench> OpenAsync(int ours)
        {
            Bench bench = new();
            bench.Group.Moves.Subscribe(bench.Moves.Enqueue);
            for (int i = 0; i < ours; i++)
            {
                bench.Queues.Add(await bench.OpenQueueAsync(i));
                bench.Group.Add(bench.Queues[i].Queue, new EmulatedNicFacts([bench.Nic]));
            }

            return bench;
        }

        public Task<TestQueue> OpenQueueAsync(int rxQueue) => TestQueue.OpenAsync(configure: options => options with
        {
            Name = $"rx{rxQueue}", Interface = Nic.Name, RxQueue = rxQueue, Emulation = new EmulatedKernelOptions { Nics = [Nic] },
        });

        public void SteerAll(int rxQueue)
        {
            int? before = _rule;
            _rule = Nic.AddRule(new FlowRule(rxQueue));
            if (before is { } rule)
            {
                Nic.RemoveRule(rule);
            }
        }

        public async Task StreamAsync(long total)
        {
            (Peer peer, ZcrxConnection connection) = await Queues[0].ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                await peer.SendAllAsync(total);
                await recorder.AssertCompletedAsync(total);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (TestQueue queue in Queues)
            {
                await queue.DisposeAsync();
            }
        }
    }
}
