using System.Collections.Concurrent;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Nic;

/// <summary>
/// Tests queues of an emulated interface. They copy nothing if the flow arrives on their own RX queue. Every byte arrives in any case.
/// </summary>
[Collection(SocketsCollection.Name)]
public class EmulatedNicTests : IClassFixture<ResourceCheck>
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromMilliseconds(5);

    public static TheoryData<string, int, int> Layouts => new()
    {
        { "7.1", 1, 0 }, { "7.2.0", 1, 1448 }, { "7.2", 1, 0 }, { "7.3", 1, 0 }, { "7.3", 1, 1448 }, { "7.2", 2, 1448 }, { "7.3", 4, 0 }, { "7.3", 64, 1 },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Flow_on_the_receiving_queue_is_not_copied(string profile, int packetsPerBuffer, int packetLength)
    {
        EmulatedNic nic = new(new EmulatedNicOptions { PacketsPerBuffer = packetsPerBuffer, PacketLength = packetLength, RetransmitDelay = SoonAgain });
        nic.AddRule(new FlowRule(1));
        int total = packetLength == 1 ? 20_000 : 1_000_000;
        await using TestQueue queue = await OpenAsync(nic, profile);
        List<(Peer Peer, Recorder Recorder, Task Sending)> streams = [];
        for (int i = 0; i < 8; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            Recorder recorder = new(peer.Stream);
            _ = connection.Buffers.Subscribe(recorder);
            streams.Add((peer, recorder, peer.SendAllAsync(total)));
        }

        foreach ((Peer peer, Recorder recorder, Task sending) in streams)
        {
            await sending;
            await recorder.AssertCompletedAsync(total);
            peer.Dispose();
        }

        EmulatedRxQueueCounters counters = nic.CountersOf(1);
        Assert.Equal((8L * total, 0L), (counters.ZeroCopyBytes, counters.CopiedBytes));
        Assert.Equal(streams.Sum(stream => stream.Recorder.Buffers), counters.ZeroCopyPackets);
        Assert.Equal(0, queue.Queue.Snapshot().CopiedFragments);
        Assert.All(Enumerable.Range(0, nic.RxQueues).Where(static rx => rx != 1), rx => Assert.Equal(default, nic.CountersOf(rx)));
    }

    [Fact]
    public async Task Large_buffers_that_the_interface_does_not_support_become_pages_and_the_engine_names_the_reason()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = SoonAgain });
        nic.AddRule(new FlowRule(1));
        await using TestQueue queue = await OpenAsync(nic, "7.3", buffers: 64, bufferLength: 65536);
        Assert.Contains("buffers are pages of", queue.Queue.Engine.Reason, StringComparison.Ordinal);
        Assert.Contains("requested 65536, because enic0 does not support larger ones", queue.Queue.Engine.Reason, StringComparison.Ordinal);
        Assert.Equal(64, queue.Queue.Snapshot().Buffers);
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.2")]
    [InlineData("7.3")]
    public async Task Flow_on_another_queue_is_copied_until_it_is_steered_to_the_receiving_queue(string profile)
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = SoonAgain });
        int rule = nic.AddRule(new FlowRule(3));
        await using TestQueue queue = await OpenAsync(nic, profile);
        List<ZcrxNotification> notifications = [];
        using IDisposable watching = queue.Queue.Notifications.Synchronize().Subscribe(notifications.Add);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(500_000);
            await recorder.ReachAsync(500_000);
            Assert.Equal(500_000, nic.CountersOf(3).CopiedBytes);
            bool counts = EmulatedKernelProfile.ForRelease(profile) != EmulatedKernelProfile.Linux71;
            Assert.Equal(counts ? 500_000 : 0, queue.Queue.Snapshot().CopiedBytes);
            Assert.Equal(counts ? [ZcrxNotificationType.Copy] : [], notifications.Select(static notification => notification.Type));

            nic.AddRule(new FlowRule(1));
            nic.RemoveRule(rule);
            await peer.SendAllAsync(500_000);
            await recorder.AssertCompletedAsync(1_000_000);
            Assert.Equal(500_000, nic.CountersOf(1).ZeroCopyBytes);
            Assert.Equal(500_000, nic.CountersOf(3).CopiedBytes);
        }
    }

    [Fact]
    public async Task Copies_can_be_forced_and_are_counted_and_reported()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = SoonAgain });
        nic.AddRule(new FlowRule(1));
        EmulatedFaultPlan faults = new();
        await using TestQueue queue = await OpenAsync(nic, "7.3", faults: faults);
        ConcurrentQueue<ZcrxNotificationType> notifications = new();
        using IDisposable watching = queue.Queue.Notifications.Subscribe(notification => notifications.Enqueue(notification.Type));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100_000);
            await recorder.ReachAsync(100_000);
            Assert.Equal(0, queue.Queue.Snapshot().CopiedBytes);

            faults.ForceCopies = true;
            await peer.SendAsync(100_000);
            await recorder.ReachAsync(200_000);
            Assert.Equal(100_000, queue.Queue.Snapshot().CopiedBytes);
            await Deadline.UntilAsync(() => notifications.Contains(ZcrxNotificationType.Copy), "the copies are reported");

            faults.ForceCopies = false;
            await peer.SendAllAsync(100_000);
            await recorder.AssertCompletedAsync(300_000);
            Assert.Equal(100_000, queue.Queue.Snapshot().CopiedBytes);
        }
    }

    [Theory]
    [InlineData("7.1", 2)]
    [InlineData("7.2", 2)]
    [InlineData("7.3", 2)]
    [InlineData("7.3", 70)]
    public async Task Copied_stream_continues_although_the_NIC_does_not_consume_the_refill_queue(string profile, int buffers)
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = SoonAgain });
        nic.AddRule(new FlowRule(0));
        await using TestQueue queue = await OpenAsync(nic, profile, buffers);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(3_000_000);
            await recorder.AssertCompletedAsync(3_000_000);
        }
    }

    [Theory]
    [InlineData("7.2")]
    [InlineData("7.3")]
    public async Task Exhausted_pool_is_reported_and_the_stream_continues_after_the_release(string profile)
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = SoonAgain });
        nic.AddRule(new FlowRule(1));
        await using TestQueue queue = await OpenAsync(nic, profile, buffers: 16);
        ConcurrentQueue<ZcrxNotificationType> notifications = new();
        ConcurrentQueue<PoolPressureLevel> levels = new();
        using IDisposable watching = queue.Queue.Notifications.Subscribe(notification => notifications.Enqueue(notification.Type));
        using IDisposable pressure = queue.Queue.Pressure.Subscribe(pool => levels.Enqueue(pool.Level));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(1_000_000);
            await Deadline.UntilAsync(() => levels.Contains(PoolPressureLevel.Exhausted), "the pool is exhausted");
            long held = recorder.Bytes;
            Assert.InRange(held, 1, 16 * Environment.SystemPageSize);

            while (!recorder.HasEnded)
            {
                while (leases.TryDequeue(out BufferLease? lease))
                {
                    lease.Dispose();
                }

                await recorder.ReachAsyncOrEnd(recorder.Bytes + 1);
            }

            await recorder.AssertCompletedAsync(1_000_000);
            await sending;
            while (leases.TryDequeue(out BufferLease? lease))
            {
                lease.Dispose();
            }

            await Deadline.UntilAsync(() => levels.Last() == PoolPressureLevel.Normal, "the pool has recovered");
            Assert.DoesNotContain(ZcrxNotificationType.Copy, notifications);
        }
    }

    [Fact]
    public async Task Link_that_goes_down_and_up_loses_no_byte()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = SoonAgain });
        nic.AddRule(new FlowRule(1));
        await using TestQueue queue = await OpenAsync(nic, "7.3");
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(10_000);
            await recorder.ReachAsync(10_000);
            nic.IsUp = false;
            await peer.SendAllAsync(10_000);
            (Peer other, ZcrxConnection otherConnection) = await queue.ConnectAsync();
            Assert.Equal(10_000, recorder.Bytes);
            other.Dispose();
            otherConnection.Dispose();
            nic.IsUp = true;
            await recorder.AssertCompletedAsync(20_000);
        }
    }

    [Fact]
    public async Task Unavailable_queue_is_refused_with_the_reason_and_opens_when_it_is_free()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        await using (await OpenAsync(nic, "7.3"))
        {
            Assert.True(nic.IsBound(1));
            Assert.Equal("EEXIST", (await Assert.ThrowsAnyAsync<ZcrxException>(() => OpenAsync(nic, "7.3"))).ErrorName);
            Assert.Throws<InvalidOperationException>(() => nic.HeaderDataSplit = false);
        }

        Assert.False(nic.IsBound(1));
        Assert.Equal("ERANGE", (await Assert.ThrowsAnyAsync<ZcrxException>(() => OpenAsync(nic, "7.3", rxQueue: 2))).ErrorName);
        nic.HeaderDataSplit = false;
        ZcrxException split = await Assert.ThrowsAnyAsync<ZcrxException>(() => OpenAsync(nic, "7.3"));
        Assert.Equal("EINVAL", split.ErrorName);
        Assert.Contains("tcp-data-split", split.Message, StringComparison.Ordinal);
        nic.HeaderDataSplit = true;
        await using (await OpenAsync(nic, "7.3"))
        {
        }
    }

    private static Task<TestQueue> OpenAsync(EmulatedNic nic, string profile, int buffers = 256, int rxQueue = 1, int bufferLength = 0, EmulatedFaultPlan? faults = null) => TestQueue.OpenAsync(
        buffers,
        configure: options => options with
        {
            Interface = nic.Name,
            RxQueue = rxQueue,
            BufferLength = bufferLength,
            BusyTimeout = TimeSpan.Zero,
            Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.ForRelease(profile)!, Nics = [nic], Faults = faults },
        });
}
