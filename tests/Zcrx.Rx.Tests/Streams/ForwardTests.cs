using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests sending of received bytes as sequences, leases, pipes and streams, and forwarding them to a connection or a socket.
/// </summary>
[Collection(SocketsCollection.Name)]
public class ForwardTests : IClassFixture<ResourceCheck>
{
    private const int Length = 3_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Forwarding_passes_every_byte_and_the_half_close_on(bool toSocket)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 128);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Blocking = true;
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        using (client)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            Task forwarding;
            ZcrxConnection? upstream = null;
            if (toSocket)
            {
                await socket.ConnectAsync(listener.LocalEndPoint!);
                forwarding = connection.Buffers.ForwardToAsync(socket);
            }
            else
            {
                upstream = await queue.Queue.ConnectAsync(listener.LocalEndPoint!);
                forwarding = connection.Buffers.ForwardToAsync(upstream);
            }

            Task<bool> continuesOnPool = forwarding.ContinueWith(
                static _ => Thread.CurrentThread.IsThreadPoolThread, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            using Socket server = await listener.AcceptAsync();
            Task sending = client.SendAllAsync(Length);
            byte[] received = await ReadToEndAsync(server).Within("the half-close arrives");
            // The continuation of the caller may block, so it must not run on the ring thread.
            Assert.True(await continuesOnPool.Within("the caller continues"));
            await forwarding.Within("forwarding ends");
            await sending.Within("everything is sent");
            AssertSent(received, client.Stream);
            await connection.Closed.Within("the source closes");
            upstream?.Dispose();
        }
    }

    [Fact]
    public async Task Reset_of_the_target_fails_the_forwarding_and_leaves_no_buffer()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 32);
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer target, ZcrxConnection upstream) = await queue.ConnectAsync();
        using (client)
        {
            Task forwarding = connection.Buffers.ForwardToAsync(upstream);
            Task sending = client.SendAllAsync(long.MaxValue);
            await Deadline.UntilAsync(() => target.Socket.Available > 0, "bytes arrive");
            target.Reset();
            await Assert.ThrowsAnyAsync<Exception>(() => forwarding.Within("forwarding ends"));
            connection.Abort();
            upstream.Dispose();
            await sending.Within("the sender is refused");
        }
    }

    [Fact]
    public async Task Relay_passes_a_server_that_ends_first_and_then_the_rest_of_the_client()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Blocking = true;
        using (client)
        {
            ZcrxConnection upstream = await queue.Queue.ConnectAsync(listener.LocalEndPoint!);
            using Socket server = await listener.AcceptAsync();
            // The server shuts down its sending side before the connection has an observer.
            server.Shutdown(SocketShutdown.Send);
            await Deadline.UntilAsync(() => upstream.State != ZcrxConnectionState.Ended && upstream.Socket.Poll(0, SelectMode.SelectRead), "the end has arrived");
            Task relaying = connection.HandleAsync((served, token) => served.RelayAsync(upstream, token));
            Assert.Equal(0, await client.Socket.ReceiveAsync(new byte[1]).Within("the end is passed on"));
            Task sending = client.SendAllAsync(Length);
            byte[] received = await ReadToEndAsync(server).Within("the rest arrives");
            await relaying.Within("the relay ends");
            await sending.Within("everything is sent");
            AssertSent(received, client.Stream);
            await Task.WhenAll(connection.Closed, upstream.Closed).Within("both connections close");
        }
    }

    [Fact]
    public async Task Relay_of_clients_that_end_at_once_passes_the_answers_on()
    {
        const int Clients = 300;
        await using TestQueue queue = await TestQueue.OpenAsync();
        for (int i = 0; i < Clients; i++)
        {
            (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
            (Peer server, ZcrxConnection upstream) = await queue.ConnectAsync();
            using (client)
            using (server)
            {
                await client.SendAsync(1);
                client.Socket.Shutdown(SocketShutdown.Send);
                // One direction of the relay may already end before the other one has started.
                Task relaying = connection.RelayAsync(upstream);
                await ReadToEndAsync(server.Socket).Within("the request is passed on");
                await server.SendAsync(1000);
                server.Socket.Shutdown(SocketShutdown.Send);
                Assert.Equal(1000, (await ReadToEndAsync(client.Socket).Within("the answer is passed on")).Length);
                await relaying.Within("the relay ends");
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Relay_passes_a_reset_on(bool byClient)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer server, ZcrxConnection upstream) = await queue.ConnectAsync();
        Task relaying = connection.RelayAsync(upstream);
        await client.SendAsync(1000);
        await Deadline.UntilAsync(() => server.Socket.Available == 1000, "the bytes arrive");
        (byClient ? client : server).Reset();
        Assert.True(await (byClient ? server : client).IsResetAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => relaying.Within("the relay ends"));
        await Task.WhenAll(connection.Closed, upstream.Closed).Within("both connections close");
        client.Dispose();
        server.Dispose();
    }

    [Fact]
    public async Task Attached_connection_that_is_never_observed_ends_after_its_peer()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Blocking = true;
        ZcrxConnection connection = await queue.Queue.ConnectAsync(listener.LocalEndPoint!);
        using Socket server = await listener.AcceptAsync();
        server.Shutdown(SocketShutdown.Send);
        await connection.Closed.Within("the connection closes");
    }

    [Fact]
    public async Task Sequence_is_sent_whole_and_in_order_while_the_peer_reads_slowly()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 4096));
            for (int sent = 0; sent < Length; sent += 5000)
            {
                await pipe.Writer.WriteAsync(Payload.Memory(7, sent, Math.Min(5000, Length - sent)));
            }

            await pipe.Writer.CompleteAsync();
            ReadResult all = await pipe.Reader.ReadAsync();
            Assert.False(all.Buffer.IsSingleSegment);
            Task sending = Task.Run(async () =>
            {
                await connection.SendAsync(all.Buffer);
                await connection.SendAsync(ReadOnlySequence<byte>.Empty);
                connection.Dispose();
            });
            byte[] received = await ReadToEndAsync(peer.Socket).Within("everything arrives");
            await sending.Within("the send ends");
            AssertSent(received, 7);
        }
    }

    [Fact]
    public async Task Borrowed_memory_that_is_sent_without_waiting_arrives_as_it_was_even_after_the_half_close()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            // A simple echo server sends without waiting. The peer reads nothing until it has sent everything.
            using IDisposable echo = connection.Buffers.Subscribe(buffer => _ = connection.SendAsync(buffer.Memory).AsTask());
            await peer.SendAllAsync(Length * 4).Within("everything is sent");

            byte[] received = await ReadToEndAsync(peer.Socket).Within("the echo ends");

            Assert.Equal(Length * 4, received.Length);
            Assert.True(Payload.Matches(received, peer.Stream, 0), "the bytes differ");
            await connection.Closed.Within("the connection closes");
        }
    }

    [Fact]
    public async Task Lease_that_is_sent_is_released()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Task handling = connection.HandleAsync(static async (served, token) =>
            {
                await foreach (FrameLease lease in served.Buffers.Frames(Delimiter.LineFeed with { IncludeDelimiter = true }, 100).ToAsyncEnumerable(cancellationToken: token))
                {
                    FrameLease kept = lease.Move();
                    await served.SendAsync(kept, token);
                    Assert.True(kept.IsReleased);
                }
            });
            await peer.Socket.SendAsync("one\ntwo\n"u8.ToArray());
            peer.EndSending();
            Assert.Equal("one\ntwo\n"u8.ToArray(), await ReadToEndAsync(peer.Socket).Within("the reply ends"));
            await handling.Within("the handler ends");
        }
    }

    [Fact]
    public async Task Duplex_pipe_replies_after_the_half_close_of_the_peer()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ZcrxDuplexPipe pipe = connection.ToDuplexPipe();
            Task echoing = Task.Run(async () =>
            {
                await pipe.Input.CopyToAsync(pipe.Output);
                await pipe.Input.CompleteAsync();
                await pipe.Output.CompleteAsync();
            });
            await peer.SendAllAsync(100_000);
            byte[] reply = await ReadToEndAsync(peer.Socket).Within("the reply ends");
            await echoing.Within("the pipes end");
            Assert.True(reply.AsSpan().SequenceEqual(Payload.At(peer.Stream, 0, 100_000)), $"{reply.Length} bytes arrived");
            await connection.Closed.Within("the connection closes");
        }
    }

    [Fact]
    public async Task Stream_reads_and_writes_and_its_disposal_closes_the_connection()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await using (Stream stream = connection.AsStream())
            {
                await peer.Socket.SendAsync("hello\n"u8.ToArray());
                using StreamReader reader = new(stream, Encoding.UTF8, leaveOpen: true);
                Assert.Equal("hello", await reader.ReadLineAsync().Within("the line arrives"));
                await stream.WriteAsync("answer"u8.ToArray());
            }

            Assert.Equal("answer"u8.ToArray(), await ReadToEndAsync(peer.Socket).Within("the connection closes"));
            await connection.Closed.Within("the connection closes");
        }
    }

    private static void AssertSent(byte[] received, int stream)
    {
        Assert.Equal(Length, received.Length);
        Assert.True(Payload.Matches(received, stream, 0), "the bytes differ");
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
