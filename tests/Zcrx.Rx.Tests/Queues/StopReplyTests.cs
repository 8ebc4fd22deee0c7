using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>
/// Tests over real sockets that a stop loses no reply. Also tests that no peer can believe that its bytes were handled if they were not.
/// </summary>
[Collection(SocketsCollection.Name)]
public class StopReplyTests : IClassFixture<ResourceCheck>
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Fact]
    public async Task Stop_with_unread_bytes_gives_a_slow_reader_all_replies_and_then_a_reset()
    {
        const int Unread = 10;
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { PeerCloseTimeout = Long });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            // Sends until the socket buffers of both sides are full.
            byte[] reply = new byte[64 * 1024];
            int sent = 0;
            while (connection.TrySend(reply) is var count and > 0)
            {
                sent += count;
            }

            connection.Pause();
            await peer.SendAsync(Unread);
            await Deadline.UntilAsync(() => connection.Receiver.Socket.BytesWaiting == Unread, "the bytes wait in the socket");

            Task stopping = queue.Queue.StopAsync(Long);
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().DiscardedBytes == Unread, "the bytes are discarded");
            Assert.False(stopping.IsCompleted);

            Assert.Equal((sent, true), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops once the replies are acknowledged");
        }
    }

    [Fact]
    public async Task Stop_with_everything_read_ends_without_a_reset_as_soon_as_the_peer_has_closed()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { PeerCloseTimeout = Long });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            await recorder.ReachAsync(100);
            await connection.SendAsync(new byte[100]);

            Task stopping = queue.Queue.StopAsync(Long);

            Assert.Equal((100, false), await ReadToEndAsync(peer.Socket));
            Assert.False(stopping.IsCompleted);
            peer.EndSending();
            await stopping.Within("the queue stops once the peer has closed");
            Assert.Equal(0, queue.Queue.Snapshot().DiscardedBytes);
        }
    }

    [Fact]
    public async Task Peer_that_sends_for_ever_is_reset_when_the_time_is_over()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { PeerCloseTimeout = TimeSpan.FromMilliseconds(50) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await connection.SendAsync(new byte[1]);
            Task sending = peer.SendAllAsync(long.MaxValue);
            await recorder.ReachAsync(100_000);

            // A stop ends receiving after half of its drain time.
            await queue.Queue.StopAsync(TimeSpan.FromMilliseconds(400)).Within("the queue stops");

            await sending.Within("the peer notices the end");
            Assert.True(peer.WasReset);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handler_that_is_still_at_work_after_the_drain_time_has_its_connection_reset(bool drains)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer other, ZcrxConnection idle) = await queue.ConnectAsync();
        using (peer)
        using (other)
        {
            Recorder recorder = new(other.Stream);
            using IDisposable subscription = idle.Buffers.Subscribe(recorder);
            TaskCompletionSource stored = new();
            Task handling = connection.HandleAsync((_, _) => stored.Task);

            await queue.Queue.StopAsync(drains ? TimeSpan.FromMilliseconds(100) : TimeSpan.Zero).Within("the queue stops");

            Assert.True(await peer.IsResetAsync());
            Assert.False(await other.IsResetAsync());
            Assert.Equal(1, queue.Queue.Snapshot().ConnectionsUnfinished);
            stored.SetResult();
            await handling.Within("the handler ends");
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Handler_that_a_stop_has_ended_leaves_its_connection_open_for_other_work(bool ends, bool catches)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using IDisposable work = connection.BeginWork();
            Task handling = connection.HandleAsync(async (connection, token) =>
            {
                try
                {
                    await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
                    {
                        lease.Dispose();
                    }
                }
                catch (ZcrxStreamException) when (catches)
                {
                    // A handler that catches the error returns as it does after any other end.
                }
            });

            Task stopping = queue.Queue.StopAsync(ends ? Long : TimeSpan.FromMilliseconds(500));
            await handling.Within("the stop ends the handler");
            if (ends)
            {
                Assert.False(stopping.IsCompleted);
                work.Dispose();
            }

            Assert.Equal(!ends, await peer.IsResetAsync());
            await stopping.Within("the queue stops");
            Assert.Equal(ends ? 0 : 1, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Theory]
    [InlineData(true, CloseMode.AfterConsumers)]
    [InlineData(true, CloseMode.Manual)]
    [InlineData(false, CloseMode.AfterConsumers)]
    [InlineData(false, CloseMode.Manual)]
    public async Task Handler_that_returns_during_a_stop_leaves_its_half_closed_connection_open_for_other_work(bool ends, CloseMode mode)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = mode;
            TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource returns = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable work = connection.BeginWork();
            Task handling = connection.HandleAsync(async (connection, token) =>
            {
                await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
                {
                    lease.Dispose();
                }

                read.SetResult();
                await returns.Task;
            });
            await peer.SendAsync(100);
            peer.EndSending();
            await read.Task.Within("the handler reads to the end");

            Task stopping = queue.Queue.StopAsync(ends ? Long : TimeSpan.FromMilliseconds(500));
            await Deadline.UntilAsync(() => connection.Receiver.StopCause is not null, "the stop begins");
            returns.SetResult();
            await handling.Within("the handler returns");
            if (ends)
            {
                await connection.SendAsync(new byte[5]);
                work.Dispose();
            }

            Assert.Equal((ends ? 5 : 0, !ends), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops");
            Assert.Equal(ends ? 0 : 1, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Theory]
    [InlineData(CloseMode.AfterConsumers)]
    [InlineData(CloseMode.AtEndOfStream)]
    [InlineData(CloseMode.Manual)]
    public async Task Half_close_during_a_stop_leaves_the_connection_open_until_its_work_has_ended(CloseMode mode)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = mode;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            using IDisposable work = connection.BeginWork();
            Task stopping = queue.Queue.StopAsync(Long);
            await Deadline.UntilAsync(() => recorder.HasEnded, "the stop ends the stream");

            peer.EndSending();
            await Deadline.UntilAsync(() => connection.Receiver.HasPeerEnded, "the half-close arrives");
            // A second end of the stream must not replace the first one, and the queue must still reply.
            await connection.SendAsync(new byte[5]);
            work.Dispose();

            Assert.Equal((5, false), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops");
            Assert.Equal(0, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handler_that_returns_while_a_stop_still_delivers_closes_its_connection_only_if_no_work_is_left(bool hasWork)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer other, ZcrxConnection waiting) = await queue.ConnectAsync();
        using (peer)
        using (other)
        {
            // These bytes wait for their consumer, so the stop does not end the streams yet.
            Recorder recorder = new(other.Stream);
            using IDisposable subscription = waiting.Buffers.Subscribe(recorder);
            IDisposable hold = waiting.Hold();
            await other.SendAsync(10);
            await Deadline.UntilAsync(() => waiting.BytesWaiting + waiting.Receiver.Socket.BytesWaiting == 10, "the bytes wait");
            TaskCompletionSource returns = new(TaskCreationOptions.RunContinuationsAsynchronously);
            IDisposable? work = hasWork ? connection.BeginWork() : null;
            Task handling = connection.HandleAsync((_, _) => returns.Task);

            Task stopping = queue.Queue.StopAsync(Long);
            await Deadline.UntilAsync(() => connection.Receiver.StopCause is not null, "the stop begins");
            Assert.False(connection.Receiver.HasEnded);
            returns.SetResult();
            await handling.Within("the handler returns");

            Assert.Equal(!hasWork, connection.Receiver.Control.CloseRequested);
            hold.Dispose();
            await recorder.ReachAsync(10);
            await Deadline.UntilAsync(() => connection.Receiver.HasEnded || connection.Closed.IsCompleted, "the stop ends the streams");
            Assert.Equal(!hasWork, connection.Receiver.Control.CloseRequested);
            work?.Dispose();
            Assert.Equal((0, false), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops");
            Assert.Equal(0, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Fact]
    public async Task Handler_that_returns_closes_its_connection_without_a_reset_despite_other_work()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        using (connection.BeginWork())
        {
            await connection.HandleAsync(static (_, _) => Task.CompletedTask).Within("the handler ends");

            await connection.Closed.Within("the connection closes");
            Assert.False(await peer.IsResetAsync());
        }
    }

    [Theory]
    [InlineData("whole\n", false, false)]
    [InlineData("whole\n", true, false)]
    [InlineData("whole\nhalf", false, true)]
    [InlineData("whole\nhalf", true, true)]
    public async Task Stop_inside_a_frame_resets_the_connection_after_its_replies_and_counts_it(string sent, bool replies, bool isReset)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { PeerCloseTimeout = TimeSpan.FromMilliseconds(50) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource<Exception?> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
            int frames = 0;
            using IDisposable subscription = connection.Buffers.Frames(Delimiter.LineFeed, 100).Subscribe(_ => frames++, error => end.TrySetResult(error), () => end.TrySetResult(null));
            await peer.Socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(sent));
            await Deadline.UntilAsync(() => connection.BytesReceived == sent.Length, "the bytes arrive");
            int reply = replies ? connection.TrySend(new byte[1000]) : 0;

            Task stopping = queue.Queue.StopAsync(Long);

            Assert.Equal((reply, isReset), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops");
            Assert.IsType<ZcrxStreamException>(await end.Task.Within("the frames end"));
            Assert.Equal((1, isReset ? 1 : 0), (frames, queue.Queue.Snapshot().ConnectionsUnfinished));
        }
    }

    [Theory]
    [InlineData("whole\n", false, false)]
    [InlineData("whole\n", true, false)]
    [InlineData("whole\nhalf", false, true)]
    [InlineData("whole\nhalf", true, true)]
    public async Task Stop_while_a_pipe_has_unconsumed_bytes_resets_the_connection_after_its_replies_and_counts_it(string sent, bool replies, bool isReset)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { PeerCloseTimeout = TimeSpan.FromMilliseconds(50) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            PipeReader reader = connection.Buffers.ToPipeReader();
            await peer.Socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(sent));
            // The reader examines an incomplete line without consuming it, and waits for the rest. The rest does not arrive.
            await ConsumeLinesAsync(reader, sent.Length);
            int reply = replies ? connection.TrySend(new byte[1000]) : 0;

            Task stopping = queue.Queue.StopAsync(Long);
            await Assert.ThrowsAsync<ZcrxStreamException>(() => reader.ReadAsync().AsTask().Within("the read ends"));
            await reader.CompleteAsync();

            Assert.Equal((reply, isReset), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops");
            Assert.Equal(isReset ? 1 : 0, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_resets_the_connection_of_a_channel_that_is_disposed_before_its_last_buffer_is_read(bool isRead)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            LeaseReader<BufferLease> reader = connection.Buffers.ToChannel();
            await peer.Socket.SendAsync("whole"u8.ToArray());
            await Deadline.UntilAsync(() => connection.BytesReceived == 5, "the bytes arrive");
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable end = connection.Buffers.Subscribe(static _ => { }, _ => ended.TrySetResult());

            Task stopping = queue.Queue.StopAsync(Long);
            await ended.Task.Within("the stream ends");
            if (isRead && reader.TryRead(out BufferLease? lease))
            {
                lease.Dispose();
            }

            reader.Dispose();

            Assert.Equal((0, !isRead), await ReadToEndAsync(peer.Socket));
            await stopping.Within("the queue stops");
            Assert.Equal(isRead ? 0 : 1, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Fact]
    public async Task Reader_that_is_completed_before_a_stop_ends_the_connection_without_a_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            // This observer keeps the connection open after the reader is completed.
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            PipeReader reader = connection.Buffers.ToPipeReader();
            await peer.Socket.SendAsync("half"u8.ToArray());
            await ConsumeLinesAsync(reader, 4);

            await reader.CompleteAsync();
            await queue.Queue.StopAsync(Long).Within("the queue stops");

            Assert.Equal((0, false), await ReadToEndAsync(peer.Socket));
            Assert.Equal(0, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Fact]
    public async Task Application_that_closes_inside_a_frame_before_a_stop_ends_the_connection_without_a_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using IDisposable subscription = connection.Buffers.Frames(Delimiter.LineFeed, 100).Subscribe(static _ => { }, static _ => { });
            await peer.Socket.SendAsync("half"u8.ToArray());
            await Deadline.UntilAsync(() => connection.BytesReceived == 4, "the bytes arrive");

            connection.Dispose();

            Assert.Equal((0, false), await ReadToEndAsync(peer.Socket));
            Assert.Equal(0, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    /// <summary>Consumes all complete lines and examines the rest. Returns when this number of bytes was examined.</summary>
    private static async Task ConsumeLinesAsync(PipeReader reader, int length)
    {
        for (long consumed = 0, examined = 0; examined < length;)
        {
            ReadResult read = await reader.ReadAsync().AsTask().Within("bytes arrive");
            examined = consumed + read.Buffer.Length;
            SequencePosition? end = read.Buffer.PositionOf((byte)'\n');
            SequencePosition next = end is { } position ? read.Buffer.GetPosition(1, position) : read.Buffer.Start;
            consumed += read.Buffer.Slice(0, next).Length;
            reader.AdvanceTo(next, read.Buffer.End);
        }
    }

    private static async Task<(int Count, bool IsReset)> ReadToEndAsync(Socket socket)
    {
        byte[] buffer = new byte[64 * 1024];
        int total = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer).Within("the connection ends at the peer") is var count and > 0)
            {
                total += count;
            }

            return (total, false);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return (total, true);
        }
    }
}
