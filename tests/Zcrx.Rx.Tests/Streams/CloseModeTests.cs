using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Reactive.Concurrency;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that a connection whose stream has ended stays open until its consumers have finished.</summary>
[Collection(SocketsCollection.Name)]
public class CloseModeTests : IClassFixture<ResourceCheck>
{
    private const int Clients = 500;
    private const int RequestLength = 10_000;

    /// <summary>Gets the names of consumers that send a reply at the end of the stream or after its last byte.</summary>
    public static TheoryData<string> Consumers => [.. Replying.Keys];

    private static readonly Dictionary<string, Action<ZcrxConnection>> Replying = new(StringComparer.Ordinal)
    {
        ["Process"] = static connection => connection.Buffers
            .Process(async (lease, token) =>
            {
                await Task.Yield();
                await connection.SendAsync(lease.Memory, token);
            })
            .Subscribe(static _ => { }, static _ => { }),
        ["Offload"] = static connection => connection.Buffers.Offload(TaskPoolScheduler.Default).Subscribe(lease => connection.SendAsync(lease.Memory).AsTask().GetAwaiter().GetResult(), static _ => { }),
        ["ToAsyncEnumerable"] = static connection => _ = EchoAsync(connection),
        ["ToPipeReader"] = static connection => _ = AnswerAsync(connection, connection.Buffers.ToPipeReader()),
        ["BeginWork"] = static connection =>
        {
            IDisposable work = connection.BeginWork();
            MemoryStream received = new();
            connection.Buffers.Subscribe(buffer => received.Write(buffer.Span), static _ => { }, () => _ = ReplyAsync(connection, received.ToArray(), work));
        },
    };

    [Fact]
    public async Task Clients_that_send_everything_and_half_close_read_complete_replies_through_a_pipe_reader()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 4096);
        List<Peer> peers = [];
        for (int i = 0; i < Clients; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            Replying["ToPipeReader"](connection);
            peers.Add(peer);
        }

        byte[][] replies = await Task.WhenAll(peers.Select(static async peer =>
        {
            await peer.SendAllAsync(RequestLength);
            return await ReadToEndAsync(peer.Socket);
        })).Within("every client has its reply");

        Assert.Equal(Clients, peers.Zip(replies).Count(static both => both.Second.AsSpan().SequenceEqual(Payload.At(both.First.Stream, 0, RequestLength))));
        peers.ForEach(static peer => peer.Dispose());
        await Deadline.UntilAsync(() => queue.Queue.Snapshot().Connections == 0, "no connection stays");
    }

    [Theory]
    [MemberData(nameof(Consumers))]
    public async Task Reply_of_a_consumer_that_works_after_the_end_of_the_stream_arrives_whole(string consumer)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 256);
        for (int i = 0; i < 20; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Replying[consumer](connection);
                await peer.SendAllAsync(RequestLength);
                byte[] reply = await ReadToEndAsync(peer.Socket).Within("the reply ends");
                Assert.True(reply.AsSpan().SequenceEqual(Payload.At(peer.Stream, 0, RequestLength)), $"{reply.Length} bytes arrived");
                await connection.Closed.Within("the connection closes");
            }
        }
    }

    [Fact]
    public async Task Pipe_reader_of_a_peer_that_sends_nothing_can_reply()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            PipeReader reader = connection.Buffers.ToPipeReader();
            peer.EndSending();
            ReadResult result = await reader.ReadAsync().AsTask().Within("the end is read");
            Assert.True(result.IsCompleted);
            await connection.SendAsync(new byte[5]);
            Assert.False(connection.Closed.IsCompleted);
            await reader.CompleteAsync();
            Assert.Equal(5, (await ReadToEndAsync(peer.Socket).Within("the reply ends")).Length);
            await connection.Closed.Within("the connection closes");
        }
    }

    [Fact]
    public async Task Connection_without_work_closes_at_the_end_of_its_stream()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(1000);
            await recorder.AssertCompletedAsync(1000);
            await connection.Closed.Within("the connection closes");
            ObjectDisposedException late = await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.SendAsync(new byte[1]));
            Assert.Contains("its stream had ended, and no consumer was at work", late.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Mode_decides_whether_work_keeps_the_connection_open()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = CloseMode.AtEndOfStream;
            using IDisposable work = connection.BeginWork();
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(1000);
            await connection.Closed.Within("the connection closes");
            ObjectDisposedException late = await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.SendAsync(new byte[1]));
            Assert.Contains("CloseMode is AtEndOfStream", late.Message, StringComparison.Ordinal);
            Assert.False(connection.Finished.IsCompleted);
            work.Dispose();
            work.Dispose();
            await connection.Finished.Within("the work has ended");
        }
    }

    [Fact]
    public async Task Manual_mode_keeps_the_connection_open_and_another_mode_closes_it()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = CloseMode.Manual;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(1000);
            await recorder.AssertCompletedAsync(1000);
            await connection.SendAsync(new byte[7]);
            Assert.False(connection.Closed.IsCompleted);
            connection.CloseMode = CloseMode.AfterConsumers;
            Assert.Equal(7, (await ReadToEndAsync(peer.Socket).Within("the reply ends")).Length);
            await connection.Closed.Within("the connection closes");
        }
    }

    [Theory]
    [InlineData(true, "the application aborted the connection")]
    [InlineData(false, "the application disposed the connection")]
    public async Task Send_after_close_names_what_closed_the_connection(bool aborts, string cause)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            if (aborts)
            {
                connection.Abort();
            }
            else
            {
                connection.Dispose();
            }

            await connection.Closed.Within("the connection closes");
            ObjectDisposedException late = await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.SendAsync(new byte[1]));
            Assert.Contains(cause, late.Message, StringComparison.Ordinal);
            Assert.True(connection.ConnectionClosed.IsCancellationRequested);
        }
    }

    [Fact]
    public async Task Breaking_out_of_an_enumeration_ends_with_the_peer()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await peer.SendAsync(1000);
            await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable())
            {
                break;
            }

            peer.EndSending();
            await connection.Closed.Within("the connection closes");
        }
    }

    [Fact]
    public async Task Closed_token_is_cancelled_when_the_peer_resets()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = connection.ConnectionClosed.Register(cancelled.SetResult);
            using IDisposable work = connection.BeginWork();
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => { }, static _ => { });
            peer.Reset();
            await cancelled.Task.Within("the token is cancelled");
            Assert.True(connection.Closed.IsCompleted);
        }
    }

    [Fact]
    public async Task Holds_are_counted_and_exact_inside_OnNext()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            List<IDisposable> holds = [];
            Recorder recorder = new(peer.Stream)
            {
                Then = _ =>
                {
                    holds.Add(connection.Hold());
                    holds.Add(connection.Hold());
                },
            };
            connection.Pause();
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(100_000);
            connection.Resume();
            await recorder.ReachAsync(1);
            for (int buffers = 1; !recorder.HasEnded; buffers++)
            {
                await queue.Queue.GetConnectionsAsync();
                Assert.Equal(buffers, recorder.Buffers);
                holds[0].Dispose();
                holds[0].Dispose();
                await queue.Queue.GetConnectionsAsync();
                Assert.Equal(buffers, recorder.Buffers);
                IDisposable last = holds[1];
                holds.Clear();
                long next = recorder.Bytes + 1;
                last.Dispose();
                await recorder.ReachAsyncOrEnd(next);
            }

            await recorder.AssertCompletedAsync(100_000);
        }
    }

    private static async Task EchoAsync(ZcrxConnection connection)
    {
        await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable())
        {
            await connection.SendAsync(lease.Memory);
        }
    }

    private static async Task ReplyAsync(ZcrxConnection connection, byte[] reply, IDisposable work)
    {
        using (work)
        {
            await Task.Yield();
            await connection.SendAsync(reply);
        }
    }

    /// <summary>Reads a request to its end, and replies with all its bytes.</summary>
    private static async Task AnswerAsync(ZcrxConnection connection, PipeReader reader)
    {
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            if (result.IsCompleted)
            {
                byte[] request = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                await Task.Yield();
                await connection.SendAsync(request);
                await reader.CompleteAsync();
                return;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
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
