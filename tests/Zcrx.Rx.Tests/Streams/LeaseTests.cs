using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that leased buffers stay readable until they are released, and then return to the pool.</summary>
[Collection(SocketsCollection.Name)]
public class LeaseTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Borrowed_buffer_is_invalid_after_OnNext_and_a_lease_is_valid()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ReceivedBuffer borrowed = default;
            BufferLease? lease = null;
            Recorder recorder = new(peer.Stream)
            {
                Then = buffer =>
                {
                    borrowed = buffer;
                    lease ??= buffer.Retain();
                },
            };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            await recorder.ReachAsync(100);
            await Deadline.UntilAsync(() => !borrowed.IsValid, "the loan has ended");

            Assert.Throws<ObjectDisposedException>(() => borrowed.Length);
            Assert.True(lease!.Span.SequenceEqual(Payload.At(peer.Stream, 0, lease.Length)));
            Assert.Equal(1, queue.BuffersOut);
            Assert.Equal(1, connection.BuffersLeased);

            lease.Dispose();
            await queue.AllReturnedAsync();
            await Deadline.UntilAsync(() => connection.BuffersLeased == 0, "no buffer of the connection is leased");
            Assert.Throws<ObjectDisposedException>(() => lease.Span.Length);
        }
    }

    [Fact]
    public async Task Leases_released_on_other_threads_return_to_a_sleeping_ring()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            const int Total = 3_000_000;
            using BlockingCollection<BufferLease> leases = [];
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Add(buffer.Retain()), AtEnd = leases.CompleteAdding };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(Total);
            Task[] releasing = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                foreach (BufferLease lease in leases.GetConsumingEnumerable())
                {
                    Assert.True(lease.Span.SequenceEqual(Payload.At(peer.Stream, lease.StreamOffset, lease.Length)));
                    lease.Dispose();
                }
            }))];

            await recorder.AssertCompletedAsync(Total);
            await Task.WhenAll(releasing).Within("all leases are released");
            await sending;
        }
    }

    [Fact]
    public async Task A_starving_ring_is_woken_by_the_first_return()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(500_000);
            while (!recorder.HasEnded)
            {
                // No timer and no other connection can resume the stream. The releases alone must do it.
                await Deadline.UntilAsync(() => recorder.HasEnded || !leases.IsEmpty, $"more bytes arrive after {recorder.Bytes} bytes");
                while (leases.TryDequeue(out BufferLease? lease))
                {
                    lease.Dispose();
                }
            }

            await recorder.AssertCompletedAsync(500_000);
            await sending;
        }
    }

    [Fact]
    public async Task Release_on_an_idle_queue_is_counted()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1000);
            await recorder.ReachAsync(1000);
            connection.Pause();
            Assert.NotEqual(0, queue.BuffersOut);
            while (leases.TryDequeue(out BufferLease? lease))
            {
                lease.Dispose();
            }

            await queue.AllReturnedAsync();
            await Deadline.UntilAsync(() => connection.BuffersLeased == 0, "no buffer of the connection is leased");
        }
    }

    [Fact]
    public async Task Leases_outlive_the_connection_and_the_queue()
    {
        TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(12_000);
            await recorder.AssertCompletedAsync(12_000);
            await connection.Closed.Within("the connection is closed");
            await queue.CloseAsync();
            await queue.Queue.DisposeAsync();

            long bytes = 0;
            foreach (BufferLease lease in leases)
            {
                Assert.True(lease.Memory.Span.SequenceEqual(Payload.At(peer.Stream, lease.StreamOffset, lease.Length)));
                using BufferLease second = lease.Retain();
                bytes += second.Length;
            }

            Assert.Equal(12_000, bytes);
            Parallel.ForEach(leases, static lease => lease.Dispose());
            Assert.All(leases, static lease => Assert.Throws<ObjectDisposedException>(() => lease.Span.Length));
        }
    }

    [Fact]
    public async Task Origins_of_leases_are_recorded_when_configured()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { RecordLeaseOrigins = true });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            BufferLease? lease = null;
            Recorder recorder = new(peer.Stream) { Then = buffer => lease ??= buffer.Retain() };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1);
            await recorder.ReachAsync(1);

            string origin = Assert.Single(queue.Queue.LeaseOrigins());
            Assert.Contains(nameof(Origins_of_leases_are_recorded_when_configured), origin, StringComparison.Ordinal);
            lease!.Dispose();
            await queue.AllReturnedAsync();
            Assert.Empty(queue.Queue.LeaseOrigins());
        }
    }
}
