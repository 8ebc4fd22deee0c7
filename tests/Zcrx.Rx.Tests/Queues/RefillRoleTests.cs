using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>Tests which queue writes the refill queue of a shared pool after the queue that did so has ended.</summary>
[Collection(SocketsCollection.Name)]
public class RefillRoleTests : IClassFixture<ResourceCheck>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_exporting_queue_writes_again_when_the_importing_one_has_ended(bool crashes)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
            await using ZcrxQueue importing = await ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the queue is imported");
            if (crashes)
            {
                importing.Crash(new InvalidOperationException("on purpose"));
                await Assert.ThrowsAsync<InvalidOperationException>(() => importing.Completion.Within("the importing queue ends"));
            }
            else
            {
                await importing.DisposeAsync().AsTask().Within("the importing queue ends");
            }

            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(2 << 20);
            await recorder.AssertCompletedAsync(2 << 20);
        }
    }

    [Fact]
    public async Task Reclaiming_waits_until_an_importing_queue_has_ended_and_its_leases_are_released()
    {
        const int Bytes = 1 << 20;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        using ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        int reclaimed = 0;
        exported.Memory.Reclaimed = () => Interlocked.Increment(ref reclaimed);
        await using ZcrxQueue importing = await ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the queue is imported");
        BufferLease? lease = null;
        int stream = await ReceiveAsync(queue, Bytes, importing, buffer =>
        {
            if (lease is null)
            {
                lease = buffer.Retain();
                exported.Memory.Reclaim();
            }
        });

        Assert.Equal(0, Volatile.Read(ref reclaimed));
        await importing.DisposeAsync().AsTask().Within("the importing queue is disposed");
        await ReceiveAsync(queue, Bytes);
        Assert.Equal(0, Volatile.Read(ref reclaimed));
        Assert.True(lease!.Span.SequenceEqual(Payload.At(stream, lease.StreamOffset, lease.Length)));

        lease.Dispose();

        await Deadline.UntilAsync(() => Volatile.Read(ref reclaimed) == 1, "the buffers are reclaimed");
        await ReceiveAsync(queue, Bytes);
    }

    [Fact]
    public async Task A_queue_that_is_exported_while_it_is_imported_blocks_neither()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        bool isDone = false;
        Task exporting = Task.Run(async () =>
        {
            while (!Volatile.Read(ref isDone))
            {
                (await queue.Queue.ExportAsync()).Dispose();
            }
        });
        for (int i = 0; i < 30; i++)
        {
            await using ZcrxQueue importing = await ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the queue is imported");
        }

        Volatile.Write(ref isDone, true);
        await exporting.Within("exporting ends");
    }

    [Fact]
    public async Task An_import_whose_ring_cannot_be_created_keeps_nothing_of_the_exported_queue()
    {
        HookedKernel kernel = new();
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, kernel: kernel);
        ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        kernel.SetupError = Interop.Abi.Errno.EMFILE;

        ZcrxException error = await Assert.ThrowsAsync<ZcrxException>(() => ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the import has an outcome"));

        Assert.Equal(Interop.Abi.Errno.EMFILE, error.ErrorNumber);
        kernel.SetupError = 0;
        exported.Dispose();
        Assert.Throws<ObjectDisposedException>(() => exported.Fd);
    }

    [Fact]
    public async Task Import_that_is_cancelled_leaves_the_exported_queue_unchanged()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        for (int i = 0; i < 20; i++)
        {
            ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
            using CancellationTokenSource cancellation = new();
            Task<ZcrxQueue> importing = ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }, cancellationToken: cancellation.Token);
            await cancellation.CancelAsync();
            exported.Dispose();
            try
            {
                await (await importing.Within("the import has an outcome")).DisposeAsync();
            }
            catch (OperationCanceledException)
            {
                // The import was cancelled before it completed. Both outcomes are allowed.
            }
        }

        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(1 << 20);
            await recorder.AssertCompletedAsync(1 << 20);
        }
    }

    /// <summary>
    /// Receives a stream and returns the number of its bytes. Moves the connection to another queue first, if one is given.
    /// </summary>
    private static async Task<int> ReceiveAsync(TestQueue queue, int bytes, ZcrxQueue? other = null, Action<ReceivedBuffer>? then = null)
    {
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            if (other is not null)
            {
                Assert.True(await connection.MoveToAsync(other).Within("the move has an outcome"));
            }

            Recorder recorder = new(peer.Stream) { Then = then };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(bytes);
            await recorder.AssertCompletedAsync(bytes);
            return peer.Stream;
        }
    }
}
