using System.Net.Sockets;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests sending over a connection.</summary>
[Collection(SocketsCollection.Name)]
public class SendTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Send_of_megabytes_to_a_slow_reader_completes_while_megabytes_arrive()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            const int Total = 6 << 20;
            connection.CloseMode = CloseMode.Manual;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);

            // Several callers send at the same time. The bytes of each call must stay together.
            byte[][] answers = [.. Enumerable.Range(1, 3).Select(static value => Enumerable.Repeat((byte)value, Total / 3).ToArray())];
            Task answering = Task.WhenAll(answers.Select(answer => Task.Run(() => connection.SendAsync(answer).AsTask())));
            Task sending = peer.SendAllAsync(Total);
            await recorder.AssertCompletedAsync(Total);
            Assert.False(answering.IsCompleted);

            byte[] received = new byte[Total];
            int count = 0;
            while (count < Total)
            {
                count += await peer.Socket.ReceiveAsync(received.AsMemory(count, int.Min(Total - count, 100_000)));
            }

            await answering.Within("the answers are sent");
            await sending;
            for (int i = 0; i < 3; i++)
            {
                Assert.False(received.AsSpan(i * Total / 3, Total / 3).ContainsAnyExcept(received[i * Total / 3]));
            }

            connection.Dispose();
            await connection.Closed.Within("the connection is closed");
        }
    }

    [Fact]
    public async Task Wait_for_room_can_be_cancelled()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using CancellationTokenSource cancellation = new();
            Task sending = connection.SendAsync(new byte[64 << 20], cancellation.Token).AsTask();
            await Deadline.UntilAsync(() => peer.Socket.Available > 100_000, "the socket buffers fill up");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.Within("the wait ends"));

            // The poll of the cancelled send is still active. The next send uses the same poll.
            Task again = connection.SendAsync(new byte[] { 1 }).AsTask();
            byte[] buffer = new byte[1 << 20];
            while (!again.IsCompleted)
            {
                // The last byte may arrive before the send has completed. The loop must then not wait for another byte.
                await Task.WhenAny(again, peer.Socket.ReceiveAsync(buffer)).Within("bytes arrive");
            }

            await again;
            connection.Dispose();
        }
    }

    [Fact]
    public async Task Closing_ends_every_wait_for_room()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        for (int round = 0; round < 10; round++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Task[] sending = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => connection.SendAsync(new byte[16 << 20]).AsTask()))];
                await Deadline.UntilAsync(() => peer.Socket.Available > 10_000, "the socket buffers fill up");
                connection.Dispose();
                foreach (Task task in sending)
                {
                    await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => task.Within("the send fails"));
                }

                await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => connection.SendAsync(new byte[1]).AsTask());
                connection.ShutdownSend();
            }
        }
    }

    [Fact]
    public async Task Closing_the_queue_ends_every_wait_for_room()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Task sending = connection.SendAsync(new byte[64 << 20]).AsTask();
            await Deadline.UntilAsync(() => peer.Socket.Available > 10_000, "the socket buffers fill up");
            await queue.CloseAsync();
            await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => sending.Within("the send fails"));
        }
    }

    [Fact]
    public async Task Send_to_a_peer_that_has_disconnected_fails()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        peer.Reset();
        SocketException error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
            {
                await connection.SendAsync(new byte[1000]).AsTask().Within("sending ends somehow");
            }
        });
        Assert.Contains(error.SocketErrorCode, new[] { SocketError.ConnectionReset, SocketError.Shutdown });
        connection.Dispose();
        await connection.Closed.Within("the connection is closed");
    }
}
