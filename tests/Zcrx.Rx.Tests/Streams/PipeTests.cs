using System.IO.Pipelines;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests pipes of a connection. Written bytes arrive completely, waits can be cancelled, and a new reader continues at the position of the
/// previous one.
/// </summary>
[Collection(SocketsCollection.Name)]
public class PipeTests : IClassFixture<ResourceCheck>
{
    private const int Length = 3_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Writer_sends_everything_to_a_peer_that_reads_slowly(bool flushesRarely)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            PipeWriter writer = connection.ToPipeWriter();
            Task writing = Task.Run(async () =>
            {
                for (int sent = 0; sent < Length; sent += 10_000)
                {
                    Payload.At(3, sent, 10_000).CopyTo(writer.GetSpan(10_000));
                    writer.Advance(10_000);
                    if (!flushesRarely || writer.UnflushedBytes > 500_000)
                    {
                        Assert.False((await writer.FlushAsync()).IsCanceled);
                    }
                }

                await writer.CompleteAsync();
            });
            Assert.True(Payload.Matches(await ReadToEndAsync(peer.Socket).Within("everything arrives"), 3, 0));
            await writing.Within("the writer ends");
            Assert.Throws<InvalidOperationException>(() => writer.GetMemory());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Flush_that_waits_for_room_can_be_cancelled_and_leaves_no_gap(bool byToken)
    {
        const int WriteLength = 1 << 20;
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        using (CancellationTokenSource cancellation = new())
        {
            PipeWriter writer = connection.ToPipeWriter();
            Task<FlushResult> flushing;
            byte writes = 0;
            do
            {
                flushing = writer.WriteAsync(Enumerable.Repeat(writes, WriteLength).ToArray(), cancellation.Token).AsTask();
                writes++;
            }
            while (flushing.IsCompleted);

            if (byToken)
            {
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flushing.Within("the flush ends"));
            }
            else
            {
                writer.CancelPendingFlush();
                Assert.True((await flushing.Within("the flush ends")).IsCanceled);
            }

            Task ending = Task.Run(async () =>
            {
                await writer.WriteAsync("end"u8.ToArray());
                await writer.CompleteAsync();
            });
            byte[] received = await ReadToEndAsync(peer.Socket).Within("everything arrives");
            await ending.Within("the writer ends");
            Assert.Equal((writes * WriteLength) + 3, received.Length);
            Assert.All(Enumerable.Range(0, writes), write => Assert.False(received.AsSpan(write * WriteLength, WriteLength).ContainsAnyExcept((byte)write)));
            Assert.Equal("end"u8.ToArray(), received[^3..]);
        }
    }

    [Fact]
    public async Task Read_that_waits_fails_when_the_reader_is_completed()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            PipeReader reader = connection.Buffers.ToPipeReader();
            Task<ReadResult> reading = reader.ReadAsync().AsTask();
            Assert.False(reading.IsCompleted);
            await reader.CompleteAsync();
            await Assert.ThrowsAsync<InvalidOperationException>(() => reading.Within("the read ends"));
            connection.Abort();
        }
    }

    [Fact]
    public async Task Flush_to_a_peer_that_has_reset_fails()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        PipeWriter writer = connection.ToPipeWriter();
        peer.Reset();
        await connection.Closed.Within("the connection ends");
        await Assert.ThrowsAnyAsync<Exception>(async () => await writer.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task Stream_of_a_connection_that_was_reset_throws_IOException_with_the_error_of_the_connection()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        await using Stream stream = connection.AsStream();
        ValueTask<int> reading = stream.ReadAsync(new byte[1]);
        peer.Reset();
        IOException read = await Assert.ThrowsAsync<IOException>(() => reading.AsTask().Within("the read ends"));
        Assert.IsType<ZcrxStreamException>(read.InnerException);
        await connection.Closed.Within("the connection ends");
        IOException write = await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync(new byte[1]));
        Assert.IsType<SocketException>(write.InnerException);
        Assert.Throws<IOException>(() => stream.ReadExactly(new byte[1]));
        Assert.Throws<IOException>(() => stream.Write(new byte[1]));
    }

    [Fact]
    public async Task Disposed_pipe_drops_what_was_not_flushed_and_leaves_the_connection_open()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using (ZcrxDuplexPipe pipe = connection.ToDuplexPipe())
            {
                await peer.SendAsync(1000);
                await pipe.Input.ReadAsync().AsTask().Within("bytes arrive");
                await pipe.Output.WriteAsync("flushed"u8.ToArray());
                pipe.Output.GetSpan(3)[..3].Fill(1);
                pipe.Output.Advance(3);
            }

            await connection.SendAsync(" and open"u8.ToArray());
            connection.Dispose();
            Assert.Equal("flushed and open"u8.ToArray(), await ReadToEndAsync(peer.Socket).Within("the connection ends"));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_that_waited_continues_on_the_chosen_thread_with_everything_in_order(bool onRingThread)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            HashSet<string?> threads = [];
            Task handling = connection.HandleAsync(async (served, token) =>
            {
                using ZcrxDuplexPipe pipe = served.ToDuplexPipe(continueOnRingThread: onRingThread);
                while (true)
                {
                    ValueTask<ReadResult> reading = pipe.Input.ReadAsync(token);
                    bool waits = !reading.IsCompleted;
                    ReadResult read = await reading;
                    if (waits)
                    {
                        threads.Add(Thread.CurrentThread.Name);
                    }

                    foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                    {
                        await pipe.Output.WriteAsync(piece, token);
                    }

                    pipe.Input.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted)
                    {
                        return;
                    }
                }
            });
            Task<byte[]> reply = ReadToEndAsync(peer.Socket);
            await peer.SendAllAsync(Length, piece: 5000);
            Assert.True(Payload.Matches(await reply.Within("the reply ends"), peer.Stream, 0));
            await handling.Within("the handler ends");
            Assert.Equal(onRingThread, threads.Contains("zcrx test"));
        }
    }

    [Fact]
    public async Task Cancelled_read_on_the_ring_thread_returns_and_the_next_read_continues()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        using (CancellationTokenSource cancellation = new())
        using (ZcrxDuplexPipe pipe = connection.ToDuplexPipe(continueOnRingThread: true))
        {
            Task<ReadResult> reading = pipe.Input.ReadAsync().AsTask();
            pipe.Input.CancelPendingRead();
            Assert.True((await reading.Within("the read ends")).IsCanceled);
            reading = pipe.Input.ReadAsync(cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within("the read ends"));
            await peer.SendAsync(10);
            Assert.Equal(10, (await pipe.Input.ReadAtLeastAsync(10).AsTask().Within("bytes arrive")).Buffer.Length);
        }
    }

    [Fact]
    public async Task Processing_as_a_task_ends_with_the_stream_and_fails_with_the_handler()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        foreach (bool fails in (bool[])[false, true])
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                long handled = 0;
                Task processing = connection.Buffers.ProcessAsync((lease, _) =>
                {
                    Interlocked.Add(ref handled, lease.Length);
                    return fails ? ValueTask.FromException(new InvalidOperationException("on purpose")) : ValueTask.CompletedTask;
                });
                await (fails ? peer.SendAsync(10_000) : peer.SendAllAsync(10_000));
                if (fails)
                {
                    Assert.Equal("on purpose", (await Assert.ThrowsAsync<InvalidOperationException>(() => processing.Within("the processing ends"))).Message);
                }
                else
                {
                    await processing.Within("the processing ends");
                    Assert.Equal(10_000, handled);
                }
            }
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using MemoryStream reply = new();
        byte[] buffer = new byte[65536];
        int count;
        while ((count = await socket.ReceiveAsync(buffer)) > 0)
        {
            reply.Write(buffer, 0, count);
        }

        return reply.ToArray();
    }
}
