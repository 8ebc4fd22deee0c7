using System.Buffers;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests framing operators that another thread disposes at any moment.</summary>
public sealed class FramingDisposalTests
{
    [Fact]
    public void Disposal_on_another_thread_while_OnNext_runs_defers_the_return_of_buffers()
    {
        using InMemoryArea area = new(8, 64);
        BufferSource source = new(area);
        FrameCollector collector = new();
        IDisposable subscription = source.Frames(LengthPrefix.UInt8, 200).Subscribe(collector);
        collector.OnFrame = (_, frame) =>
        {
            Thread other = new(subscription.Dispose);
            other.Start();
            other.Join();

            // The subscription is disposed, but OnNext still uses the frame. Neither thread may have returned its buffers.
            Assert.Equal(0, source.Subscribers);
            Assert.False(area.Ledger.Drain());
            Assert.Equal([1, 2, 3], frame.ToArray());
        };

        source.Send([3, 1]);
        source.Send([2]);
        source.Send([3, 1, 7]);

        Assert.Empty(source.Thrown);
        Assert.Equal([1, 2, 3], Assert.Single(collector.Frames));
        Assert.Equal(0, collector.Ends);
        area.AssertAllReturned();
    }

    [Fact]
    public async Task Disposal_at_a_random_moment_returns_every_buffer_once()
    {
        // One thread owns the area, and this thread disposes the subscriptions. The area overwrites returned buffers, so a frame with the
        // right bytes proves that its buffers were not returned.
        const int streams = 2_000;
        TaskCompletionSource<IDisposable>[] subscriptions = [.. Enumerable.Range(0, streams).Select(_ => new TaskCompletionSource<IDisposable>())];
        Task area = Task.Factory.StartNew(() => Play(subscriptions), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Random random = new(7);
        foreach (TaskCompletionSource<IDisposable> subscription in subscriptions)
        {
            IDisposable disposable = await subscription.Task;
            Thread.SpinWait(random.Next(3_000));
            disposable.Dispose();
            disposable.Dispose();
        }

        await area;
    }

    [Fact]
    public async Task Old_queue_reclaims_its_buffers_while_the_new_queue_delivers()
    {
        // The connection has moved, so two threads use one operator at the same time. Each area belongs to one of them.
        using SemaphoreSlim turn = new(0);
        using SemaphoreSlim done = new(0);
        FrameCollector collector = new();
        BufferSource? source = null;
        bool stop = false;
        Task old = Task.Factory.StartNew(
            () =>
            {
                using InMemoryArea area = new(64, 64);
                source = new BufferSource(area);
                using IDisposable subscription = source.Frames(LengthPrefix.UInt16BigEndian, 10_000).Subscribe(collector);
                source.Send([0x20, 0, 1, 2, 3]);
                turn.Release();
                while (!Volatile.Read(ref stop))
                {
                    area.Ledger.IsUnderPressure = true;
                    area.Ledger.IsUnderPressure = false;
                }

                done.Wait();
                area.AssertAllReturned();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await turn.WaitAsync();
        await Task.Factory.StartNew(
            () =>
            {
                using InMemoryArea area = new(64, 64);
                source!.Area = area;
                byte[] rest = [.. Enumerable.Range(3, 0x2000 - 3).Select(static i => (byte)(i + 1))];
                for (int i = 0; i < 200; i++)
                {
                    source.Send(rest);
                    source.Send([0x20, 0, 1]);
                    rest = [.. Enumerable.Range(1, 0x2000 - 1).Select(static i => (byte)(i + 1))];
                }

                source.Send(rest);
                Volatile.Write(ref stop, true);
                area.AssertAllReturned();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        done.Release();
        await old;

        byte[] expected = [.. Enumerable.Range(0, 0x2000).Select(static i => (byte)(i + 1))];
        Assert.Empty(source!.Thrown);
        Assert.Equal(201, collector.Frames.Count);
        Assert.All(collector.Frames, frame => Assert.Equal(expected, frame));
    }

    private static void Play(TaskCompletionSource<IDisposable>[] subscriptions)
    {
        using InMemoryArea area = new(32, 16);
        byte[] frame = [10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        byte[] expected = frame[1..];
        foreach (TaskCompletionSource<IDisposable> next in subscriptions)
        {
            BufferSource source = new(area);
            FrameCollector collector = new() { OnFrame = (_, bytes) => Assert.Equal(expected, bytes.ToArray()) };
            next.SetResult(source.Frames(LengthPrefix.UInt8, 10).Subscribe(collector));
            while (source.Subscribers > 0)
            {
                source.Send(frame.AsSpan(0, 4));
                source.Send(frame.AsSpan(4, 3));
                source.Send(frame.AsSpan(7));
            }

            Assert.Empty(source.Thrown);
            Assert.Equal(0, collector.Ends);
            WaitUntilAllReturned(area);
        }
    }

    private static void WaitUntilAllReturned(InMemoryArea area)
    {
        // This method waits, because the operator may unsubscribe from the source before it returns its buffers.
        SpinWait.SpinUntil(
            () =>
            {
                area.Ledger.Drain();
                return area.Ledger.Leased == 0;
            },
            TimeSpan.FromSeconds(30));
        area.AssertAllReturned();
    }
}
