using System.Net.Sockets;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests how connections end while the socket has no room for the rest of a batch. <c>SendAsync</c> has already completed, because the
/// batch copied the bytes.
/// </summary>
[Collection(SocketsCollection.Name)]
public sealed class SendRestTests : IClassFixture<ResourceCheck>
{
    private const int Rest = 1000;

    [SkippableFact]
    public async Task Dispose_while_a_rest_waits_closes_in_order_after_the_peer_has_read_it()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int sent = await FillAsync(connection);
            await SendRestAsync(queue, connection, connection.Dispose);
            await TurnAsync(queue);
            Assert.False(connection.Closed.IsCompleted);

            Assert.Equal(sent + Rest, await ReadToEndAsync(peer));
            await connection.Closed.Within("the connection is closed");
        }
    }

    [SkippableFact]
    public async Task Dispose_while_a_rest_waits_resets_the_connection_after_the_timeout_if_the_peer_does_not_read()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource<Exception> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => { }, end.SetResult);
            await FillAsync(connection);
            await SendRestAsync(queue, connection, connection.Dispose);
            await EndPeerCloseTimeoutAsync(queue);

            await connection.Closed.Within("the connection is closed");
            Assert.Contains("the peer read nothing", (await end.Task.Within("the stream ends")).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(peer));
        }
    }

    [SkippableFact]
    public async Task Abort_while_a_rest_waits_resets_the_connection_at_once()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await FillAsync(connection);
            await SendRestAsync(queue, connection, connection.Dispose);
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
            await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(peer));
        }
    }

    [SkippableFact]
    public async Task ShutdownSend_while_a_rest_waits_takes_effect_after_it()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int sent = await FillAsync(connection);
            await SendRestAsync(queue, connection, static () => { });
            connection.ShutdownSend();
            Assert.Equal(sent + Rest, await ReadToEndAsync(peer));
            connection.Dispose();
        }
    }

    [SkippableFact]
    public async Task Detach_while_a_rest_waits_returns_the_socket_after_it()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int sent = await FillAsync(connection);
            await SendRestAsync(queue, connection, static () => { });
            Task<DetachedConnection?> detaching = connection.DetachAsync();
            await TurnAsync(queue);
            Assert.False(detaching.IsCompleted);

            Task<int> reading = ReadToEndAsync(peer);
            DetachedConnection detached = (await detaching.Within("the socket is returned"))!;
            detached.Socket.Send([1]);
            detached.Socket.Dispose();
            Assert.Equal(sent + Rest + 1, await reading);
        }
    }

    [SkippableFact]
    public async Task Detach_while_a_rest_waits_is_given_up_after_the_timeout_if_the_peer_does_not_read()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int sent = await FillAsync(connection);
            await SendRestAsync(queue, connection, static () => { });
            Task<DetachedConnection?> detaching = connection.DetachAsync();
            await TurnAsync(queue);
            Assert.False(detaching.IsCompleted);
            await EndPeerCloseTimeoutAsync(queue);

            Assert.Null(await detaching.Within("the detachment is given up"));
            connection.ShutdownSend();
            Assert.Equal(sent + Rest, await ReadToEndAsync(peer));
            connection.Dispose();
        }
    }

    [SkippableFact]
    public async Task Move_while_a_rest_waits_leaves_it_to_the_other_queue()
    {
        await using TestQueue queue = await OpenAsync();
        await using TestQueue other = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int sent = await FillAsync(connection);
            await SendRestAsync(queue, connection, static () => { });
            Assert.True(await connection.MoveToAsync(other.Queue).Within("the connection has moved"));
            connection.ShutdownSend();
            Assert.Equal(sent + Rest, await ReadToEndAsync(peer));
            connection.Dispose();
        }
    }

    [SkippableFact]
    public async Task Detach_of_a_suspended_connection_while_a_rest_waits_is_given_up()
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue queue = await OpenAsync(suspended);
        await using TestQueue successor = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int sent = await FillAsync(connection);
            await SendRestAsync(queue, connection, static () => { });
            await queue.Queue.SuspendAsync().Within("the queue is suspended");

            Assert.Null(await connection.DetachAsync().Within("the detachment is given up"));

            Assert.Equal(1, await suspended.ContinueOnAsync(successor.Queue).Within("the connection resumes"));
            connection.ShutdownSend();
            Assert.Equal(sent + Rest, await ReadToEndAsync(peer));
            connection.Dispose();
        }

        await queue.CloseAsync();
    }

    [SkippableFact]
    public async Task Stop_while_a_rest_waits_resets_the_connection_after_the_drain()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await FillAsync(connection);
            await SendRestAsync(queue, connection, connection.Dispose);
            await queue.Queue.StopAsync(TimeSpan.FromMilliseconds(50)).Within("the queue stops");
            await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(peer));
        }
    }

    [SkippableTheory]
    [InlineData(CloseMode.AfterConsumers)]
    [InlineData(CloseMode.AtEndOfStream)]
    public async Task Reply_to_the_end_of_the_stream_that_leaves_a_rest_arrives_before_the_connection_closes(CloseMode mode)
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection, int sent) = await ReplyToEndAsync(queue, (peer, connection) =>
        {
            connection.CloseMode = mode;
            peer.Socket.Shutdown(SocketShutdown.Send);
        });
        using (peer)
        {
            Assert.Equal(sent + Rest, await ReadToEndAsync(peer));
            await connection.Closed.Within("the connection is closed");
        }
    }

    [SkippableFact]
    public async Task Reply_to_a_close_that_leaves_a_rest_resets_the_connection()
    {
        await using TestQueue queue = await OpenAsync();
        (Peer peer, ZcrxConnection connection, _) = await ReplyToEndAsync(queue, static (_, connection) => connection.Dispose());
        using (peer)
        {
            await connection.Closed.Within("the connection is closed");
            await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(peer));
        }
    }

    private static async Task<TestQueue> OpenAsync(ZcrxSuspendedConnections? suspended = null)
    {
        // On a busy machine, a peer of these tests may read late, so the timeouts are long.
        TestQueue queue = await TestQueue.OpenAsync(
            configure: static options => options with { Engine = ZcrxEngine.IoUring, PeerCloseTimeout = TimeSpan.FromHours(1) }, suspended: suspended);
        if (queue.Queue.Engine.Engine != ZcrxEngine.IoUring)
        {
            string reason = queue.Queue.Engine.Reason;
            await queue.DisposeAsync();
            Skip.If(true, reason);
        }

        return queue;
    }

    /// <summary>Sends until the socket is full, and returns the number of bytes.</summary>
    private static async Task<int> FillAsync(ZcrxConnection connection)
    {
        connection.CloseMode = CloseMode.Manual;
        connection.Socket.SendBufferSize = 4096;
        byte[] bytes = new byte[SendBatch.MaxSendLength + 1];
        int total = 0;
        await Deadline.UntilAsync(
            () =>
            {
                int sent = connection.TrySend(bytes);
                total += sent;
                // The check must come before the second attempt. An acknowledgement after the first attempt may have made room.
                bool isFull = FullSocket.IsFull(connection.Socket);
                int again = connection.TrySend(bytes);
                total += again;
                return isFull && sent + again == 0;
            },
            "the socket is full");
        return total;
    }

    /// <summary>
    /// Sends from a turn that collects sends, and then runs an action in the same turn. Returns when the socket has refused a part of the
    /// bytes.
    /// </summary>
    private static async Task SendRestAsync(TestQueue queue, ZcrxConnection connection, Action then)
    {
        (Peer helping, ZcrxConnection helper) = await queue.ConnectAsync();
        using (helping)
        {
            bool isCollected = false;
            while (!isCollected)
            {
                // A turn collects sends only if the previous turn had several. Any other event may start a turn without a send, so this is
                // repeated until it succeeds.
                await OnRingThreadAsync(queue, () =>
                {
                    for (int i = 0; i < SendBatch.FewestSends; i++)
                    {
                        Assert.True(helper.SendAsync(new byte[1]).AsTask().IsCompletedSuccessfully);
                    }
                });
                await OnRingThreadAsync(queue, () =>
                {
                    _ = helper.SendAsync(new byte[1]).AsTask();
                    isCollected = helper.Receiver.Control.Sender.IsInBatch;
                    if (isCollected)
                    {
                        Assert.True(connection.SendAsync(new byte[Rest]).AsTask().IsCompletedSuccessfully);
                        then();
                    }
                });
            }

            await Deadline.UntilAsync(() => connection.Receiver.Control.Sender.HasRest, "the socket has no room");
            helper.Dispose();
            await helper.Closed.Within("the helping connection is closed");
        }
    }

    /// <summary>
    /// Ends the stream of a connection whose socket is full, in a turn that collects sends. Returns after the observer has sent its reply to
    /// the end of the stream.
    /// </summary>
    private static async Task<(Peer Peer, ZcrxConnection Connection, int Sent)> ReplyToEndAsync(TestQueue queue, Action<Peer, ZcrxConnection> end)
    {
        (Peer helping, ZcrxConnection helper) = await queue.ConnectAsync();
        using (helping)
        {
            while (true)
            {
                (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
                int sent = await FillAsync(connection);
                TaskCompletionSource<bool> isCollected = new(TaskCreationOptions.RunContinuationsAsynchronously);
                void Reply()
                {
                    _ = connection.SendAsync(new byte[Rest]).AsTask();
                    isCollected.SetResult(connection.Receiver.Control.Sender.IsInBatch);
                }

                _ = connection.Buffers.Subscribe(static _ => { }, _ => Reply(), Reply);
                await Deadline.UntilAsync(() => connection.Receiver.State == ReceiveState.Armed, "the connection receives");
                await OnRingThreadAsync(queue, () =>
                {
                    for (int i = 0; i < SendBatch.FewestSends; i++)
                    {
                        Assert.True(helper.SendAsync(new byte[1]).AsTask().IsCompletedSuccessfully);
                    }

                    end(peer, connection);
                });
                if (await isCollected.Task.Within("the stream ends"))
                {
                    return (peer, connection, sent);
                }

                // Another event has started a turn before this one, so the sends were not collected. Tries again with a new connection.
                connection.Abort();
                peer.Dispose();
            }
        }
    }

    private static async Task EndPeerCloseTimeoutAsync(TestQueue queue) =>
        Assert.True(await queue.Queue.Loop.ReconfigureAsync(queue.Queue.Loop.Options with { PeerCloseTimeout = TimeSpan.Zero }).Within("the option has changed"));

    private static async Task OnRingThreadAsync(TestQueue queue, Action action)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Queue.Loop.Post(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        await done.Task.Within("the ring thread has run the action");
    }

    /// <summary>Waits until the ring thread has handled everything that was posted to it before.</summary>
    private static async Task TurnAsync(TestQueue queue)
    {
        long turn = queue.Queue.Loop.Turns;
        while (queue.Queue.Loop.Turns < turn + 2)
        {
            await OnRingThreadAsync(queue, static () => { });
        }
    }

    private static async Task<int> ReadToEndAsync(Peer peer)
    {
        byte[] bytes = new byte[1 << 16];
        int total = 0;
        while (true)
        {
            int received = await peer.Socket.ReceiveAsync(bytes).Within("bytes or the end arrive");
            if (received == 0)
            {
                return total;
            }

            total += received;
        }
    }
}
