using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Queues;

public class SnapshotTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Snapshot_of_a_closed_queue_returns_the_final_counters()
    {
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection => connection.Buffers.Subscribe(static _ => { }, ended.SetResult));
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        await client.SendAsync(new byte[100_000]);
        client.Shutdown(SocketShutdown.Send);
        await ended.Task.WaitAsync(Limit);

        await queue.DisposeAsync();

        QueueStatistics statistics = queue.Snapshot();
        Assert.Equal(100_000, statistics.BytesReceived);
        Assert.Equal(1, statistics.ConnectionsOpened);
        // A queue without a device copies all bytes. The kernel's counters are unmapped with the queue, so the snapshot must have kept
        // their last values.
        Assert.Equal(100_000, statistics.CopiedBytes);
    }

    [Fact]
    public async Task An_observer_of_samples_that_throws_is_reported_and_the_others_continue()
    {
        ZcrxQueueOptions options = new() { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB(), StatisticsInterval = TimeSpan.FromMilliseconds(5) };
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(options);
        InvalidOperationException failure = new("on purpose");
        TaskCompletionSource<ConsumerFault> fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable reporting = queue.ConsumerFaults.Subscribe(reported => fault.TrySetResult(reported));
        int samples = 0;
        using IDisposable others = queue.Statistics.Subscribe(_ => Interlocked.Increment(ref samples));
        using IDisposable throwing = queue.Statistics.Subscribe(_ => throw failure);

        ConsumerFault reported = await fault.Task.WaitAsync(Limit);
        int seen = Volatile.Read(ref samples);
        await Deadline.UntilAsync(() => Volatile.Read(ref samples) > seen + 2, "the other observer gets more samples");

        Assert.Same(failure, reported.Exception);
        Assert.Null(reported.Connection);
    }

    [Fact]
    public async Task Sampling_while_a_queue_is_closed_is_safe()
    {
        for (int i = 0; i < 20; i++)
        {
            ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
            Task sampling = Task.Run(() =>
            {
                while (!queue.Completion.IsCompleted)
                {
                    Assert.Equal(0, queue.Snapshot().BytesReceived);
                }
            });

            await queue.DisposeAsync();
            await sampling.WaitAsync(Limit);
        }
    }
}
