using System.Collections.Concurrent;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that a nearly empty pool slows senders down. A stuck consumer must stop only its own connection.</summary>
[Collection(SocketsCollection.Name)]
public class PoolTests : IClassFixture<ResourceCheck>
{
    public static TheoryData<string, int> Pools
    {
        get
        {
            TheoryData<string, int> pools = [];
            foreach (string profile in new[] { "7.1", "7.2.0", "7.2", "7.3" })
            {
                foreach (int buffers in new[] { 2, 3, 8, 64 })
                {
                    pools.Add(profile, buffers);
                }
            }

            return pools;
        }
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public async Task Consumer_that_leases_every_buffer_stops_only_its_connection(string profile, int buffers)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers, EmulatedKernelProfile.ForRelease(profile));
        (Peer stuckPeer, ZcrxConnection stuckConnection) = await queue.ConnectAsync();
        using (stuckPeer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder stuck = new(stuckPeer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = stuckConnection.Buffers.Subscribe(stuck);
            Task stuckSending = stuckPeer.SendAllAsync(1_000_000);
            await stuck.ReachAsync(1);

            // Connections that are opened after the stuck one must still progress.
            await MoveAsync(queue, connections: 4, bytes: 300_000);
            Assert.False(stuck.HasEnded);
            Assert.InRange(stuckConnection.BuffersLeased, 1, buffers - 1);

            await ReleaseUntilEndAsync(stuck, leases);
            await stuck.AssertCompletedAsync(1_000_000);
            await stuckSending;
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(64)]
    public async Task Single_bytes_that_are_leased_do_not_use_up_the_buffers_of_other_connections(int buffers)
    {
        // A single byte uses a whole buffer, so a quota in bytes would not protect the pool.
        await using TestQueue queue = await TestQueue.OpenAsync(buffers);
        (Peer stuckPeer, ZcrxConnection stuckConnection) = await queue.ConnectAsync();
        using (stuckPeer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder stuck = new(stuckPeer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = stuckConnection.Buffers.Subscribe(stuck);
            for (int i = 0; i < buffers && !stuckConnection.IsPausedByPressure; i++)
            {
                long before = stuck.Bytes;
                await stuckPeer.SendAsync(1);
                await Deadline.UntilAsync(() => stuck.Bytes > before || stuckConnection.IsPausedByPressure, "the byte arrives, or the connection is paused");
            }

            Task stuckSending = stuckPeer.SendAllAsync(200_000);
            await MoveAsync(queue, connections: 2, bytes: 100_000);
            Assert.InRange(stuckConnection.BuffersLeased, 1, buffers - 1);
            await ReleaseUntilEndAsync(stuck, leases);
            await stuck.AssertCompletedAsync(stuckPeer.Sent);
            await stuckSending;
        }
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public async Task Slow_consumer_slows_its_sender_and_raises_the_level(string profile, int buffers)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers, EmulatedKernelProfile.ForRelease(profile), receiveBuffer: 16 << 10);
        List<PoolPressure> levels = [];
        using IDisposable pressure = queue.Queue.Pressure.Subscribe(levels.Add);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync(sendBuffer: 16 << 10);
        using (peer)
        {
            const int Total = 2 << 20;
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(Total);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().PausedConnections > 0, "the connection is paused");
            Assert.False(sending.IsCompleted);
            Assert.InRange(queue.BuffersOut, 1, buffers - 1);
            Assert.NotEqual(PoolPressureLevel.Normal, queue.Queue.Snapshot().Pressure);

            await ReleaseUntilEndAsync(recorder, leases);
            await recorder.AssertCompletedAsync(Total);
            await sending;
            await queue.AllReturnedAsync();
        }

        await Deadline.UntilAsync(() => queue.Queue.Snapshot().Pressure == PoolPressureLevel.Normal, "the pool has recovered");
        Assert.Equal(0, queue.Queue.Snapshot().PausedConnections);
        Assert.True(queue.Queue.Snapshot().TimeUnderPressure > TimeSpan.Zero);
        await queue.CloseAsync();
        Assert.Equal(PoolPressureLevel.Normal, levels[0].Level);
        Assert.Equal(buffers, levels[0].Buffers);
        Assert.Equal(PoolPressureLevel.Normal, levels[^1].Level);
        Assert.All(levels, level => Assert.InRange(level.BuffersOut, 0, buffers));
        Assert.All(levels.Zip(levels.Skip(1)), static pair => Assert.NotEqual(pair.First.Level, pair.Second.Level));
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public async Task Burst_that_is_leased_exhausts_the_pool_and_no_byte_is_lost(string profile, int buffers)
    {
        // With this mark, the level goes from Normal directly to Exhausted. The quota therefore pauses no connection before the pool is
        // exhausted.
        await using TestQueue queue = await TestQueue.OpenAsync(buffers, EmulatedKernelProfile.ForRelease(profile), static options => options with { HighWaterMark = 1 });
        ConcurrentQueue<PoolPressureLevel> levels = new();
        using IDisposable pressure = queue.Queue.Pressure.Subscribe(level => levels.Enqueue(level.Level));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            const int Total = 500_000;
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(Total);
            await Deadline.UntilAsync(() => levels.Contains(PoolPressureLevel.Exhausted), "the pool is exhausted");
            Assert.InRange(queue.BuffersOut, buffers - int.Max(1, buffers / 8), buffers - 1);
            await ReleaseUntilEndAsync(recorder, leases);
            await recorder.AssertCompletedAsync(Total);
            await sending;
            await Deadline.UntilAsync(() => levels.Last() == PoolPressureLevel.Normal, "the pool has recovered");
        }
    }

    [Fact]
    public async Task The_level_falls_when_the_last_lease_is_released_though_nothing_else_happens()
    {
        // The quota is the whole pool, so the connection is not paused and can end under pressure.
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, configure: static options => options with { ConnectionQuota = 16 });
        ConcurrentQueue<PoolPressureLevel> levels = new();
        using IDisposable pressure = queue.Queue.Pressure.Subscribe(level => levels.Enqueue(level.Level));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            connection.Pause();
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            // These bytes use so many buffers that the level is High. The connection then closes, and no other connection waits for
            // buffers.
            await peer.SendAllAsync(12 * Environment.SystemPageSize);
            connection.Resume();
            await recorder.AssertCompletedAsync(12 * Environment.SystemPageSize);
            await connection.Closed.Within("the connection is closed");
            Assert.NotEqual(PoolPressureLevel.Normal, levels.Last());
            foreach (BufferLease lease in leases)
            {
                lease.Dispose();
            }

            await Deadline.UntilAsync(() => levels.Last() == PoolPressureLevel.Normal, "the level falls");
        }
    }

    [Fact]
    public async Task Time_under_pressure_grows_while_it_lasts()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(100_000);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().TimeUnderPressure > TimeSpan.FromMilliseconds(5), "time under pressure is counted");
            TimeSpan before = queue.Queue.Snapshot().TimeUnderPressure;
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().TimeUnderPressure > before, "the time under pressure grows");
            await ReleaseUntilEndAsync(recorder, leases);
            await sending;
        }
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.2.0")]
    [InlineData("7.3")]
    public async Task Many_slow_consumers_all_get_everything(string profile)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, EmulatedKernelProfile.ForRelease(profile));
        using BlockingCollection<BufferLease> leases = [];
        Task releasing = Task.Run(() =>
        {
            foreach (BufferLease lease in leases.GetConsumingEnumerable())
            {
                lease.Dispose();
            }
        });
        await MoveAsync(queue, connections: 24, bytes: 200_000, buffer => leases.Add(buffer.Retain()));
        leases.CompleteAdding();
        await releasing.Within("all leases are released");
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.2.0")]
    [InlineData("7.2")]
    [InlineData("7.3")]
    public async Task Senders_that_never_pause_share_a_pool_that_is_too_small(string profile)
    {
        TestQueue queue = await TestQueue.OpenAsync(buffers: 16, EmulatedKernelProfile.ForRelease(profile));
        List<Recorder> recorders = [];
        List<Peer> peers = [];
        List<Task> sending = [];
        for (int i = 0; i < 8; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            recorders.Add(new Recorder(peer.Stream));
            _ = connection.Buffers.Subscribe(recorders[i]);
            peers.Add(peer);
            sending.Add(peer.SendAllAsync(long.MaxValue));
        }

        // The bytes of one socket are enough to fill the pool. If connections did not take turns, the first one would take all buffers.
        await Deadline.UntilAsync(() => recorders.TrueForAll(static recorder => recorder.Bytes > 16_000_000), "each stream gets its share");
        await queue.CloseAsync();
        foreach (Recorder recorder in recorders)
        {
            await recorder.AssertFailedAsync();
        }

        await Task.WhenAll(sending).Within("the senders receive the error");
        peers.ForEach(static peer => peer.Dispose());
    }

    [Fact]
    public async Task Pool_that_stays_empty_is_not_retried_in_every_turn()
    {
        EmulatedFaultPlan faults = new();
        await using TestQueue queue = await TestQueue.OpenAsync(configure: options => options with { Emulation = new EmulatedKernelOptions { Faults = faults } });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            faults.FailAllocations(int.MaxValue);
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(10_000);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().Rearms > 0, "the receive is tried again");
            TimeSpan start = TimeProvider.System.GetElapsedTime(0);
            long rearms = queue.Queue.Snapshot().Rearms;
            await Deadline.UntilAsync(() => TimeProvider.System.GetElapsedTime(0) - start > TimeSpan.FromMilliseconds(100), "the clock runs");
            Assert.InRange(queue.Queue.Snapshot().Rearms - rearms, 0, 1000);

            faults.FailAllocations(0);
            await recorder.AssertCompletedAsync(10_000);
        }
    }

    /// <summary>Opens connections whose peers send, and asserts that every byte is received.</summary>
    private static async Task MoveAsync(TestQueue queue, int connections, long bytes, Action<ReceivedBuffer>? then = null)
    {
        List<Task> sending = [];
        List<(Peer Peer, Recorder Recorder)> ends = [];
        for (int i = 0; i < connections; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            Recorder recorder = new(peer.Stream) { Then = then };
            _ = connection.Buffers.Subscribe(recorder);
            ends.Add((peer, recorder));
            sending.Add(peer.SendAllAsync(bytes));
        }

        foreach ((Peer peer, Recorder recorder) in ends)
        {
            await recorder.AssertCompletedAsync(bytes);
            peer.Dispose();
        }

        await Task.WhenAll(sending);
    }

    private static async Task ReleaseUntilEndAsync(Recorder recorder, ConcurrentQueue<BufferLease> leases)
    {
        while (!recorder.HasEnded || !leases.IsEmpty)
        {
            await Deadline.UntilAsync(() => recorder.HasEnded || !leases.IsEmpty, $"more bytes arrive after {recorder.Bytes} bytes");
            while (leases.TryDequeue(out BufferLease? lease))
            {
                lease.Dispose();
            }
        }
    }
}
