using Zcrx.Interop;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Receiving;

/// <summary>
/// Tests turns with many buffers of one or several connections. Each stream must be complete and each buffer must return once, whatever the
/// observers do.
/// </summary>
[Collection(SocketsCollection.Name)]
public class DeliverTests
{
    [Fact]
    public async Task Each_buffer_is_delivered_and_returns_once_and_in_order()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        Recorder[] recorders = [new(0), new(1), new(2)];
        foreach (Recorder recorder in recorders)
        {
            _ = await bench.ObserveAsync(recorder);
        }

        // Posts single buffers and runs of buffers, in short turns and in turns that overflow the refill queue. The total exceeds the size
        // of the rings.
        Random random = new(7);
        for (int turn = 0; turn < 100; turn++)
        {
            List<int> batch = [];
            int length = random.Next(1, turn % 2 == 0 ? 12 : 120);
            while (batch.Count < length)
            {
                batch.AddRange(Enumerable.Repeat(random.Next(recorders.Length), int.Min(random.Next(1, 10), length - batch.Count)));
            }

            await bench.PostAsync(batch);
            await bench.AllReturnedAsync();
        }

        Assert.Equal(bench.Posted, bench.Kernel.Returned);
        Assert.All(recorders, static recorder => recorder.AssertIntact());
        Assert.Equal(bench.Posted.Count, recorders.Sum(static recorder => recorder.Buffers));
        Assert.Equal(recorders.Sum(static recorder => recorder.Bytes), bench.Queue.Snapshot().BytesReceived);
        Assert.Equal(bench.Posted.Count, bench.Queue.Snapshot().BuffersReceived);
    }

    [Fact]
    public async Task Observer_that_unsubscribes_in_a_run_receives_no_more_and_the_next_observer_continues_there()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        IDisposable? subscription = null;
        Recorder first = null!;
        first = new Recorder(0)
        {
            Then = _ =>
            {
                if (first.Buffers == 3)
                {
                    subscription!.Dispose();
                }
            },
        };
        (ZcrxConnection connection, subscription) = await bench.ObserveAsync(first);
        Recorder other = new(1);
        _ = await bench.ObserveAsync(other);
        await bench.PostAsync(0, 0, 0, 0, 0, 1, 0, 1);

        Assert.Equal(3, first.Buffers);
        Assert.Equal(2, other.Buffers);
        Recorder next = new(0);
        using IDisposable second = connection.Buffers.Subscribe(next);
        await bench.AllReturnedAsync();
        Assert.Equal(first.End, next.Start);
        Assert.Equal(3, next.Buffers);
        first.AssertIntact();
        next.AssertIntact();
    }

    [Fact]
    public async Task Observer_that_subscribes_in_a_run_receives_the_rest()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        Recorder late = new(0);
        ZcrxConnection? connection = null;
        Recorder first = null!;
        first = new Recorder(0)
        {
            Then = _ =>
            {
                if (first.Buffers == 2)
                {
                    connection!.Buffers.Subscribe(late);
                }
            },
        };
        (connection, _) = await bench.ObserveAsync(first);
        await bench.PostAsync(0, 0, 0, 0, 0);
        await bench.AllReturnedAsync();

        Assert.Equal(5, first.Buffers);
        Assert.Equal(3, late.Buffers);
        Assert.Equal(2 * BatchKernel.PieceLength, late.Start);
        late.AssertIntact();
    }

    [Fact]
    public async Task Observer_that_throws_in_a_run_loses_its_stream_and_others_continue_in_the_same_turn()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        InvalidOperationException fault = new("a consumer's mistake");
        Recorder thrower = null!;
        thrower = new Recorder(0)
        {
            Then = _ =>
            {
                if (thrower.Buffers == 2)
                {
                    throw fault;
                }
            },
        };
        Recorder other = new(1);
        (ZcrxConnection lost, _) = await bench.ObserveAsync(thrower);
        _ = await bench.ObserveAsync(other);
        await bench.PostAsync(0, 0, 0, 0, 1, 1, 0, 1);

        Assert.Same(fault, await thrower.AssertFailedAsync());
        Assert.Equal(2, thrower.Buffers);
        Assert.Equal(3, other.Buffers);
        await lost.Closed.Within("the connection is closed");
        // The buffers that arrived after the exception must return as well, although no observer received them.
        await bench.AllReturnedAsync();
        Assert.Equal(bench.Posted.Order(), bench.Kernel.Returned.Order());

        await bench.PostAsync(1);
        other.AssertIntact();
        Assert.Equal(4, other.Buffers);
    }

    [Fact]
    public async Task Borrow_ends_before_the_next_buffer_of_its_run()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        ReceivedBuffer before = default;
        int stale = 0;
        Recorder recorder = new(0)
        {
            Then = buffer =>
            {
                Assert.True(buffer.IsValid);
                if (buffer.StreamOffset > 0 && !before.IsValid)
                {
                    Assert.Throws<ObjectDisposedException>(() => before.Span.Length);
                    Assert.Throws<ObjectDisposedException>(before.Retain);
                    stale++;
                }

                before = buffer;
            },
        };
        _ = await bench.ObserveAsync(recorder);
        await bench.PostAsync(0, 0, 0, 0);

        Assert.Equal(3, stale);
        Assert.False(recorder.HasEnded);
        Assert.False(before.IsValid);
    }

    [Fact]
    public async Task Leased_buffers_return_when_they_are_released_even_within_the_run()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        Queue<BufferLease> leases = new();
        int wrong = 0;
        Recorder recorder = new(0)
        {
            Then = buffer =>
            {
                if (buffer.StreamOffset / BatchKernel.PieceLength % 3 == 0)
                {
                    leases.Enqueue(buffer.Retain());
                }
                else if (leases.Count > 3)
                {
                    // Releases the lease inside OnNext, while the ring thread is writing refill entries.
                    using BufferLease lease = leases.Dequeue();
                    wrong += lease.Span.SequenceEqual(Payload.At(0, lease.StreamOffset, lease.Length)) ? 0 : 1;
                }
            },
        };
        _ = await bench.ObserveAsync(recorder);
        for (int turn = 0; turn < 20; turn++)
        {
            await bench.PostAsync(Enumerable.Repeat(0, 15));
        }

        Assert.Equal(0, wrong);
        Assert.Equal(leases.Count, bench.Queue.Snapshot().BuffersOut);
        await Deadline.UntilAsync(() => bench.Kernel.Returned.Count == bench.Posted.Count - leases.Count, "all buffers except the leased ones return");
        foreach (BufferLease lease in leases)
        {
            lease.Dispose();
        }

        await bench.AllReturnedAsync();
        Assert.Equal(bench.Posted.Order(), bench.Kernel.Returned.Order());
        recorder.AssertIntact();
    }

    [Fact]
    public async Task Entries_beyond_a_full_refill_queue_wait_in_order()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        Recorder recorder = new(0);
        _ = await bench.ObserveAsync(recorder);
        bench.Kernel.HoldsRefill = true;
        await bench.PostAsync(Enumerable.Repeat(0, 40));
        await bench.PostAsync(Enumerable.Repeat(0, 40));
        Assert.Equal(80, recorder.Buffers);
        Assert.Empty(bench.Kernel.Returned);

        bench.Kernel.HoldsRefill = false;
        await bench.AllReturnedAsync();
        Assert.Equal(bench.Posted, bench.Kernel.Returned);
        recorder.AssertIntact();
    }

    [Fact]
    public async Task Pause_in_OnNext_keeps_arrived_bytes_until_the_connection_resumes()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        ZcrxConnection? connection = null;
        Recorder recorder = new(0) { Then = _ => connection!.Pause() };
        (connection, _) = await bench.ObserveAsync(recorder);
        await bench.PostAsync(0, 0, 0, 0);
        for (int buffers = 1; buffers < 4; buffers++)
        {
            Assert.Equal(buffers, recorder.Buffers);
            connection.Resume();
            await Deadline.UntilAsync(() => recorder.Buffers > buffers, "the next buffer is delivered");
        }

        Assert.Equal(4, recorder.Buffers);
        recorder.AssertIntact();
    }

    [Fact]
    public async Task Completion_outside_the_area_fails_the_queue_after_earlier_completions()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        Recorder recorder = new(0);
        _ = await bench.ObserveAsync(recorder);
        (ulong request, ulong offset, int length) = bench.Fill(0);
        _ = bench.Kernel.PostAsync([(request, offset, length), bench.Fill(0), (request, 1ul << 48, length)]);

        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
        Assert.Equal(2, recorder.Buffers);
        Assert.Equal(2 * length, error.StreamOffset);
        ZcrxException crash = await Assert.ThrowsAsync<ZcrxException>(() => bench.Queue.Completion.Within("the loop ends"));
        Assert.Contains("outside the area", crash.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_without_a_connection_returns_its_buffer()
    {
        await using BatchBench bench = await BatchBench.OpenAsync();
        Recorder recorder = new(0);
        _ = await bench.ObserveAsync(recorder);
        ulong nobody = new UserData(RequestKind.Receive, 77, 5).Encode();
        (_, ulong offset, int length) = bench.Fill(0);
        (ulong request, ulong next, _) = bench.Fill(0);
        await bench.Kernel.PostAsync([(nobody, next, length), (request, offset, length), (nobody, next, length)]);
        await Deadline.UntilAsync(() => bench.Kernel.Returned.Count == 3, "all buffers return");
        Assert.Equal([next, offset, next], bench.Kernel.Returned);
        Assert.Equal(1, recorder.Buffers);
        recorder.AssertIntact();
    }
}
