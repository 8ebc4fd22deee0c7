using System.Net.Sockets;
using System.Reactive.Disposables;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that the socket of a detached connection continues at the byte where the stream stopped.</summary>
[Collection(SocketsCollection.Name)]
public class DetachTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Detach_under_load_continues_at_the_position_of_the_observers()
    {
        const int Sent = 2_000_000;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        for (int round = 0; round < 20; round++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                // The peer does not end the stream. After the end, there would be no socket to detach.
                Task sending = peer.SendAsync(Sent);
                await recorder.ReachAsync(round * 10_000);

                DetachedConnection detached = Assert.IsType<DetachedConnection>(await connection.DetachAsync().Within("the connection is detached"));

                Assert.Equal(recorder.End, detached.StreamOffset);
                Assert.Equal(0, detached.Unread.Length);
                ZcrxStreamException end = Assert.IsType<ZcrxStreamException>(recorder.Error);
                Assert.Equal((detached.StreamOffset, "the connection was detached, and its socket has another owner"), (end.StreamOffset, end.Cause));
                await connection.Finished.Within("nothing is left to do");
                using Socket socket = detached.Socket;
                Task<long> reading = ReadAsync(socket, peer.Stream, detached.StreamOffset);
                await sending.Within("everything is sent");
                peer.EndSending();
                Assert.Equal(Sent, await reading);
            }
        }

        Assert.Equal(0, queue.Queue.Snapshot().Connections);
    }

    [Fact]
    public async Task Detach_returns_the_bytes_that_no_observer_has_received()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            SingleAssignmentDisposable once = new();
            Recorder recorder = new(peer.Stream) { Then = _ => once.Dispose() };
            // The pause lets all bytes arrive first. One turn then delivers more bytes than the observer takes.
            connection.Pause();
            once.Disposable = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(100_000);
            connection.Resume();
            await Deadline.UntilAsync(() => connection.BytesReceived > recorder.End && recorder.Bytes > 0, "more bytes arrive than the observer receives");

            DetachedConnection detached = Assert.IsType<DetachedConnection>(await connection.DetachAsync().Within("the connection is detached whatever its observers do"));

            Assert.Equal(detached.StreamOffset, recorder.End + detached.Unread.Length);
            Assert.True(detached.Unread.Span.SequenceEqual(Payload.At(peer.Stream, recorder.End, detached.Unread.Length)));
            using Socket socket = detached.Socket;
            Assert.Equal(100_000, await ReadAsync(socket, peer.Stream, detached.StreamOffset));
        }
    }

    [Fact]
    public async Task A_socket_can_be_attached_again_and_again()
    {
        await using TestQueue first = await TestQueue.OpenAsync();
        await using TestQueue second = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await first.ConnectAsync();
        using (peer)
        {
            long position = 0;
            for (int i = 0; i < 10; i++)
            {
                List<byte> received = [];
                using IDisposable subscription = connection.Buffers.Subscribe(buffer => received.AddRange(buffer.Span), static _ => { });
                await peer.SendAsync(50_000);
                await Deadline.UntilAsync(() => connection.BytesReceived == 50_000, "the bytes arrive");
                DetachedConnection detached = Assert.IsType<DetachedConnection>(await connection.DetachAsync().Within("the connection is detached"));
                Assert.Equal(50_000, detached.StreamOffset);
                Assert.True(Payload.At(peer.Stream, position, 50_000).SequenceEqual(received.ToArray()));
                position += 50_000;
                connection = await (i % 2 == 0 ? second : first).Queue.AttachAsync(detached.Socket).Within("the socket is attached");
            }

            connection.Dispose();
            await connection.Closed.Within("the connection closes");
        }
    }

    [Fact]
    public async Task Detach_of_an_ended_connection_or_on_an_ended_queue_returns_null()
    {
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer ending, ZcrxConnection ended) = await queue.ConnectAsync();
        (Peer peer, ZcrxConnection open) = await queue.ConnectAsync();
        using (ending)
        using (peer)
        {
            using IDisposable subscription = ended.Buffers.Subscribe(static _ => { });
            ending.EndSending();
            await ended.Closed.Within("the connection closes with its stream");
            Assert.Null(await ended.DetachAsync().Within("detaching ends"));

            await queue.CloseAsync();
            Assert.Null(await open.DetachAsync().Within("detaching ends"));
            Assert.Null(await open.DetachAsync().Within("detaching ends again"));
        }
    }

    [Fact]
    public async Task Detach_fails_a_send_that_waits_for_room()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Task sending = connection.SendAsync(new byte[64 << 20]).AsTask();
            await Deadline.UntilAsync(() => connection.Receiver.IsAwaitingRoom, "the socket is full");

            DetachedConnection detached = Assert.IsType<DetachedConnection>(await connection.DetachAsync().Within("the connection is detached"));

            await Assert.ThrowsAsync<ObjectDisposedException>(() => sending.Within("the send ends"));
            detached.Socket.Dispose();
        }
    }

    /// <summary>Reads the rest of a stream from the socket and checks it, as the application would do.</summary>
    private static async Task<long> ReadAsync(Socket socket, int stream, long position)
    {
        byte[] buffer = new byte[65536];
        while (await socket.ReceiveAsync(buffer).Within("bytes or the end arrive") is > 0 and var length)
        {
            Assert.True(Payload.At(stream, position, length).SequenceEqual(buffer.AsSpan(0, length)), $"bytes differ after {position}");
            position += length;
        }

        return position;
    }
}
