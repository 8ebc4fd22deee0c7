using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that the two sides can end a connection one after the other. No byte is lost, and no reset is reported.</summary>
[Collection(SocketsCollection.Name)]
public class HalfCloseTests : IClassFixture<ResourceCheck>
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(8_000_000, true)]
    [InlineData(8_000_000, false)]
    public async Task A_reply_after_the_end_of_the_peers_side_arrives_whole(int length, bool shutsDown)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = CloseMode.Manual;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(10);
            await recorder.AssertCompletedAsync(10);
            Task sending = Task.Run(async () =>
            {
                await connection.SendAsync(new byte[length]);
                if (shutsDown)
                {
                    connection.ShutdownSend();
                }
                else
                {
                    connection.CloseMode = CloseMode.AtEndOfStream;
                }
            });

            Assert.Equal(length, await ReadToEndAsync(peer.Socket).Within("the reply ends"));

            await sending.Within("the send ends");
            await connection.Closed.Within("the connection is closed");
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Bytes_wait_for_an_observer_when_both_sides_have_ended(bool endsFirst, bool isPaused)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { UnobservedTimeout = TimeSpan.FromMinutes(10) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            IDisposable? subscription = null;
            if (isPaused)
            {
                connection.Pause();
                subscription = connection.Buffers.Subscribe(recorder);
            }

            if (endsFirst)
            {
                connection.ShutdownSend();
            }

            await peer.SendAllAsync(50_000);
            if (!endsFirst)
            {
                connection.ShutdownSend();
            }

            Assert.Equal(0, await peer.Socket.ReceiveAsync(new byte[1]).Within("the peer sees the end of our side"));
            for (int i = 0; i < 20; i++)
            {
                // Each query takes a turn of the ring thread, which would detect a hang-up. There must be none.
                await queue.Queue.GetConnectionsAsync();
            }

            Assert.False(connection.Closed.IsCompleted);
            subscription ??= connection.Buffers.Subscribe(recorder);
            connection.Resume();
            await recorder.AssertCompletedAsync(50_000);
            subscription.Dispose();
        }
    }

    [Fact]
    public async Task A_send_that_waits_for_the_peer_is_a_use_of_the_connection()
    {
        const int Length = 32_000_000;
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { UnobservedTimeout = TimeSpan.FromMilliseconds(100) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Task sending = connection.SendAsync(new byte[Length]).AsTask();
            TimeSpan start = TimeProvider.System.GetElapsedTime(0);
            await Deadline.UntilAsync(() => TimeProvider.System.GetElapsedTime(0) - start > TimeSpan.FromMilliseconds(500), "the timeout has passed several times");
            Assert.False(connection.Closed.IsCompleted);
            byte[] buffer = new byte[1 << 20];
            long received = 0;
            while (received < Length)
            {
                int count = await peer.Socket.ReceiveAsync(buffer).Within("the bytes arrive");
                Assert.NotEqual(0, count);
                received += count;
            }

            await sending.Within("the send ends");
        }
    }

    [Fact]
    public async Task Undelivered_bytes_do_not_hide_the_reason_why_an_unobserved_connection_ended()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { UnobservedTimeout = TimeSpan.FromMilliseconds(300) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            IDisposable? subscription = null;
            Recorder recorder = new(peer.Stream) { Then = _ => subscription!.Dispose() };
            connection.Pause();
            subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(20_000);
            connection.Resume();
            await connection.Closed.Within("the connection is ended");
            Recorder late = new(peer.Stream);
            using IDisposable again = connection.Buffers.Subscribe(late);
            Assert.Contains("it had no observer", (await late.AssertFailedAsync()).Message, StringComparison.Ordinal);
        }
    }

    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        byte[] buffer = new byte[65536];
        int received = 0;
        int count;
        while ((count = await socket.ReceiveAsync(buffer)) > 0)
        {
            received += count;
        }

        return received;
    }
}
