using System.Collections.Concurrent;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests connections that move between queues at any moment. Their bytes must arrive complete and in order.</summary>
[Collection(SocketsCollection.Name)]
public class MoveTests : IClassFixture<ResourceCheck>
{
    private const int Schedules = 60;

    [Fact]
    public async Task Moved_connection_continues_at_its_position()
    {
        await using TestQueue first = await TestQueue.OpenAsync();
        await using TestQueue second = await TestQueue.OpenAsync(configure: static options => options with { Name = "second" });
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            ConcurrentDictionary<string, long> bytes = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => bytes.AddOrUpdate(Thread.CurrentThread.Name!, buffer.Length, (_, before) => before + buffer.Length) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(300_000);
            await recorder.ReachAsync(300_000);

            Assert.True(await connection.MoveToAsync(second.Queue).Within("the connection moves"));
            Assert.Equal("second", connection.QueueName);
            Assert.Equal((0, 1), (first.Queue.Snapshot().Connections, second.Queue.Snapshot().Connections));
            await peer.SendAllAsync(200_000);
            await recorder.AssertCompletedAsync(500_000);
            Assert.Equal([300_000, 200_000], bytes.OrderBy(static pair => pair.Key == "zcrx second").Select(static pair => pair.Value));
        }
    }

    [Fact]
    public async Task Leases_of_the_old_queue_stay_valid_and_count_until_they_are_released()
    {
        await using TestQueue first = await TestQueue.OpenAsync(buffers: 16);
        await using TestQueue second = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(10_000);
            await recorder.ReachAsync(10_000);
            int held = connection.BuffersLeased;
            Assert.True(await connection.MoveToAsync(second.Queue));
            Assert.Equal((held, held), (connection.BuffersLeased, first.BuffersOut));

            await peer.SendAllAsync(10_000);
            await recorder.AssertCompletedAsync(20_000);
            long position = 0;
            foreach (BufferLease lease in leases)
            {
                Assert.True(lease.Span.SequenceEqual(Payload.At(peer.Stream, position, lease.Length)));
                position += lease.Length;
                lease.Dispose();
            }

            Assert.Equal((20_000, 0), (position, connection.BuffersLeased));
        }
    }

    [Fact]
    public async Task Undelivered_bytes_are_delivered_before_the_connection_moves()
    {
        await using TestQueue first = await TestQueue.OpenAsync();
        await using TestQueue second = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            SingleAssignmentDisposable once = new();
            Recorder before = new(peer.Stream) { Then = _ => once.Dispose() };
            once.Disposable = connection.Buffers.Subscribe(before);
            await peer.SendAsync(500_000);
            await before.ReachAsync(1);
            Task<bool> moving = connection.MoveToAsync(second.Queue);
            await peer.SendAllAsync(500_000);
            Recorder after = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(after);
            await after.AssertCompletedAsync(1_000_000);
            Assert.Equal(before.End, after.Start);
            await moving.Within("the move has an outcome");
        }
    }

    [Fact]
    public async Task A_frame_that_lies_on_both_queues_is_one_frame()
    {
        await using TestQueue first = await TestQueue.OpenAsync();
        await using TestQueue second = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            List<int> lengths = [];
            TaskCompletionSource ended = new();
            using IDisposable subscription = connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1.MiB())
                .Subscribe(frame => lengths.Add((int)frame.Length), ended.SetException, ended.SetResult);
            byte[] frame = new byte[4 + 100_000];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame, 100_000);
            for (int i = 0; i < 6; i++)
            {
                await peer.Socket.SendAsync(frame.AsMemory(0, 50_000));
                await Deadline.UntilAsync(() => connection.BytesReceived == (i * frame.Length) + 50_000, "half of the frame has arrived");
                Assert.True(await connection.MoveToAsync(i % 2 == 0 ? second.Queue : first.Queue));
                await peer.Socket.SendAsync(frame.AsMemory(50_000));
            }

            peer.EndSending();
            await ended.Task.Within("the frames end");
            Assert.Equal(Enumerable.Repeat(100_000, 6), lengths);
        }
    }

    [Fact]
    public async Task Sender_that_waits_for_room_continues_after_the_move()
    {
        await using TestQueue first = await TestQueue.OpenAsync();
        await using TestQueue second = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => { });
            byte[] answer = new byte[16 << 20];
            Task sending = connection.SendAsync(answer).AsTask();
            Assert.True(await connection.MoveToAsync(second.Queue));
            Assert.False(sending.IsCompleted);
            byte[] buffer = new byte[1 << 20];
            for (long received = 0; received < answer.Length;)
            {
                received += await peer.Socket.ReceiveAsync(buffer).Within("the answer arrives");
            }

            await sending.Within("everything is sent");
        }
    }

    [Fact]
    public async Task Move_to_a_closed_queue_fails_and_the_connection_stays()
    {
        await using TestQueue first = await TestQueue.OpenAsync();
        TestQueue second = await TestQueue.OpenAsync();
        await second.DisposeAsync();
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => connection.MoveToAsync(second.Queue).Within("the move is refused"));
            await peer.SendAllAsync(100_000);
            await recorder.AssertCompletedAsync(100_000);
            Assert.False(await connection.MoveToAsync(first.Queue).Within("the move of an ended connection ends"));
        }
    }

    [Fact]
    public async Task Connection_that_moves_with_its_flow_is_received_without_a_copy_on_both_queues()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RetransmitDelay = TimeSpan.FromMilliseconds(5) });
        int rule = nic.AddRule(new FlowRule(1));
        await using TestQueue first = await OnNicAsync(nic, 1);
        await using TestQueue second = await OnNicAsync(nic, 2);
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(500_000);
            await recorder.ReachAsync(500_000);
            nic.AddRule(new FlowRule(2));
            nic.RemoveRule(rule);
            Assert.True(await connection.MoveToAsync(second.Queue));
            await peer.SendAllAsync(500_000);
            await recorder.AssertCompletedAsync(1_000_000);
            Assert.Equal((500_000, 500_000), (nic.CountersOf(1).ZeroCopyBytes, nic.CountersOf(2).ZeroCopyBytes));
        }
    }

    [Fact]
    public async Task Any_moves_under_traffic_faults_and_pauses_keep_order_and_bytes()
    {
        foreach (int[] plan in Gen.Choose(0, int.MaxValue).ArrayOf(12).Sample(Schedules))
        {
            await RunAsync(plan);
        }
    }

    private static async Task RunAsync(int[] plan)
    {
        Random random = new(plan[0]);
        List<TestQueue> queues = [];
        for (int i = 0; i < 3; i++)
        {
            int buffers = new[] { 3, 8, 64 }[random.Next(3)];
            EmulatedKernelProfile profile = new[] { EmulatedKernelProfile.Linux71, EmulatedKernelProfile.Linux72, EmulatedKernelProfile.Linux73 }[random.Next(3)];
            EmulatedKernelOptions kernel = new() { Profile = profile, Faults = EmulatedFaultPlan.Random(random.Next(), random.NextDouble() / 4) };
            queues.Add(await TestQueue.OpenAsync(buffers, configure: options => options with { Emulation = kernel }));
        }

        List<Task> streams = [];
        for (int i = 0; i < 4; i++)
        {
            streams.Add(StreamAsync(queues, random.Next(), closes: random.Next(8) == 0));
        }

        await Task.WhenAll(streams);
        foreach (TestQueue queue in queues)
        {
            await queue.DisposeAsync();
        }
    }

    private static async Task StreamAsync(List<TestQueue> queues, int seed, bool closes)
    {
        Random random = new(seed);
        int total = random.Next(1, 400_000);
        (Peer peer, ZcrxConnection connection) = await queues[random.Next(queues.Count)].ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(total, piece: random.Next(1, 40_000));
            while (!recorder.HasEnded)
            {
                switch (random.Next(6))
                {
                    case 0:
                        connection.Pause();
                        break;
                    case 1 or 2:
                        connection.Resume();
                        break;
                    case 3 when closes:
                        connection.Dispose();
                        break;
                    default:
                        await connection.MoveToAsync(queues[random.Next(queues.Count)].Queue).Within("the move has an outcome");
                        break;
                }
            }

            if (recorder.Error is null)
            {
                await recorder.AssertCompletedAsync(total);
            }
            else
            {
                Assert.True(closes);
                ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
                Assert.Equal(recorder.End, error.StreamOffset);
            }

            await sending;
        }
    }

    private static Task<TestQueue> OnNicAsync(EmulatedNic nic, int rxQueue) => TestQueue.OpenAsync(
        configure: options => options with { Interface = nic.Name, RxQueue = rxQueue, Emulation = new EmulatedKernelOptions { Nics = [nic] } });
}
