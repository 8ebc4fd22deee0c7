using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>
/// Tests over real sockets that a client whose request is at a server still receives the answer when the queue between them stops.
/// </summary>
[Collection(SocketsCollection.Name)]
public class StopServerTests : IClassFixture<ResourceCheck>
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Relay_passes_an_answer_on_while_its_queues_stop(bool hasClientEnded, bool hasTwoQueues)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        await using TestQueue second = await TestQueue.OpenAsync();
        TestQueue outgoing = hasTwoQueues ? second : queue;
        using Socket listener = Listen();
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        using (client)
        {
            ZcrxConnection upstream = await outgoing.Queue.ConnectAsync(listener.LocalEndPoint!);
            using Socket server = await listener.AcceptAsync();
            Task relaying = connection.HandleAsync((client, token) => client.RelayAsync(upstream, token));
            await client.SendAsync(100);
            if (hasClientEnded)
            {
                client.EndSending();
            }

            await ReceiveAsync(server, 100);
            if (hasClientEnded)
            {
                Assert.Equal(0, await server.ReceiveAsync(new byte[1]).Within("the half-close is passed on"));
            }

            Task stopping = Task.WhenAll(queue.Queue.StopAsync(Long), outgoing.Queue.StopAsync(Long));
            await Deadline.UntilAsync(() => connection.Receiver.StopCause is not null && upstream.Receiver.StopCause is not null, "the queues stop");
            await server.SendAsync(new byte[200]);
            await ReceiveAsync(client.Socket, 200);
            if (!hasClientEnded)
            {
                // The relay passes further requests on as well, until both sides have ended.
                await client.SendAsync(50);
                await ReceiveAsync(server, 50);
                Assert.False(stopping.IsCompleted);
                client.EndSending();
                Assert.Equal(0, await server.ReceiveAsync(new byte[1]).Within("the half-close is passed on"));
            }

            server.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await client.Socket.ReceiveAsync(new byte[1]).Within("the end is passed on"));
            await relaying.Within("the relay ends");
            await stopping.Within("the queues stop");
            Assert.Equal((0L, 0L), (queue.Queue.Snapshot().ConnectionsUnfinished, second.Queue.Snapshot().ConnectionsUnfinished));
        }
    }

    [Fact]
    public async Task Relay_that_has_not_ended_after_the_drain_time_is_reset_on_both_sides_and_counted()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket listener = Listen();
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        using (client)
        {
            ZcrxConnection upstream = await queue.Queue.ConnectAsync(listener.LocalEndPoint!);
            using Socket server = await listener.AcceptAsync();
            Task relaying = connection.HandleAsync((client, token) => client.RelayAsync(upstream, token));
            await client.SendAsync(100);
            await ReceiveAsync(server, 100);

            await queue.Queue.StopAsync(TimeSpan.FromMilliseconds(100)).Within("the queue stops");

            Assert.True(await client.IsResetAsync());
            SocketException error = await Assert.ThrowsAsync<SocketException>(() => server.ReceiveAsync(new byte[1]).Within("the server is reset"));
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
            await relaying.Within("the relay ends");
            Assert.Equal(2, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    [Fact]
    public async Task Handler_receives_the_answer_of_a_server_during_a_stop_and_replies()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket listener = Listen();
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        using (client)
        {
            // The connection to the server has a consumer that never ends before its stream, such as the reader of a pool of connections.
            ZcrxConnection upstream = await queue.Queue.ConnectAsync(listener.LocalEndPoint!);
            using Socket server = await listener.AcceptAsync();
            Pipe answers = new();
            Task reading = upstream.HandleAsync(async (upstream, token) =>
            {
                await foreach (BufferLease lease in upstream.Buffers.ToAsyncEnumerable(cancellationToken: token))
                {
                    using (lease)
                    {
                        await answers.Writer.WriteAsync(lease.Memory, token);
                    }
                }
            });
            Task handling = connection.HandleAsync(async (client, token) =>
            {
                PipeReader requests = client.Buffers.ToPipeReader();
                ReadResult request = await requests.ReadAtLeastAsync(100, token);
                requests.AdvanceTo(request.Buffer.End);
                await upstream.SendAsync(new byte[100], token);
                ReadResult answer = await answers.Reader.ReadAtLeastAsync(200, token);
                await client.SendAsync(answer.Buffer, token);
                await requests.CompleteAsync();
            });
            await client.SendAsync(100);
            await ReceiveAsync(server, 100);

            Task stopping = queue.Queue.StopAsync(Long);
            await Deadline.UntilAsync(() => connection.Receiver.HasEnded && upstream.Receiver.StopCause is not null, "the stop ends the stream of the client");
            await server.SendAsync(new byte[200]);

            await ReceiveAsync(client.Socket, 200);
            Assert.Equal(0, await client.Socket.ReceiveAsync(new byte[1]).Within("the connection ends in order"));
            client.EndSending();
            Assert.Equal(0, await server.ReceiveAsync(new byte[1]).Within("the connection to the server ends in order"));
            server.Shutdown(SocketShutdown.Send);
            await Task.WhenAll(handling, reading).Within("the handlers end");
            await stopping.Within("the queue stops");
            Assert.Equal(0, queue.Queue.Snapshot().ConnectionsUnfinished);
        }
    }

    private static Socket Listen()
    {
        Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Blocking = true;
        return listener;
    }

    private static async Task ReceiveAsync(Socket socket, int count)
    {
        byte[] buffer = new byte[count];
        for (int received = 0; received < count;)
        {
            int more = await socket.ReceiveAsync(buffer.AsMemory(received)).AsTask().Within("the bytes arrive");
            Assert.NotEqual(0, more);
            received += more;
        }
    }
}
