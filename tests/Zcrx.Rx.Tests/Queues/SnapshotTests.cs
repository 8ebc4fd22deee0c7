using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Queues;

public class SnapshotTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_closed_queue_still_tells_what_it_has_done()
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
        // Device-less, everything is copied; the counters lay in memory that is unmapped by now.
        Assert.Equal(100_000, statistics.CopiedBytes);
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
