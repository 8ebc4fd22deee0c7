using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Receiving;

/// <summary>Tests when the socket of a closed connection is closed, and whether the peer is reset. No kernel is involved.</summary>
public class LingeringCloseTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(false, true, 60)]
    [InlineData(true, false, 60)]
    [InlineData(true, true, 0)]
    public void Close_without_a_stop_a_reply_or_drain_time_closes_the_socket_at_once(bool stops, bool replies, int drain)
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench, replies);
        if (stops)
        {
            Begin(bench, TimeSpan.FromSeconds(drain));
        }

        bench.Sockets.Close(connection);

        Assert.Equal((true, false, false), (socket.IsClosed, socket.WasReset, bench.Sockets.IsAny));
        Assert.Equal(long.MaxValue, bench.Sockets.Due);
    }

    [Fact]
    public void Close_during_a_stop_shuts_sending_down_and_waits_for_the_end_of_the_peer()
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench);
        Begin(bench, TimeSpan.FromMinutes(1));

        bench.Sockets.Close(connection);
        Look(bench, Interval);
        Assert.Equal((true, false), (socket.WasShutDown, socket.IsClosed));
        Assert.False(connection.Control.Closed.IsCompleted);
        // After the shutdown, the sender must refuse further bytes.
        Assert.True(connection.Control.Sender.IsClosed);
        socket.HasPeerEnded = true;
        Look(bench, Interval);

        Assert.Equal((true, false, false), (socket.IsClosed, socket.WasReset, bench.Sockets.IsAny));
        Assert.True(connection.Control.Closed.IsCompleted);
    }

    [Fact]
    public void Close_with_unread_bytes_sends_no_orderly_end_and_resets_once_the_replies_are_acknowledged()
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench);
        (socket.BytesWaiting, socket.BytesUnacknowledged) = (100, 1);
        Begin(bench, TimeSpan.FromMinutes(1));

        bench.Sockets.Close(connection);
        socket.BytesWaiting = 20;
        Look(bench, Interval);
        Assert.Equal((false, false, 120L), (socket.WasShutDown, socket.IsClosed, bench.Context.Counters.DiscardedBytes));
        socket.BytesUnacknowledged = 0;
        Look(bench, Interval);

        Assert.Equal((false, true, true), (socket.WasShutDown, socket.IsClosed, socket.WasReset));
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(1, false)]
    [InlineData(60, true)]
    public void Peer_that_does_not_close_is_reset_after_the_timeout_only_if_bytes_were_discarded(int drain, bool isSilent)
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench);
        Begin(bench, TimeSpan.FromSeconds(drain));
        bench.Sockets.Close(connection);
        TimeSpan limit = TimeSpan.FromSeconds(Math.Min(drain, bench.Context.Options.Value.PeerCloseTimeout.TotalSeconds));

        socket.BytesWaiting = isSilent ? 0 : 5;
        Look(bench, limit - Interval);
        Assert.False(socket.IsClosed);
        Look(bench, Interval);

        Assert.Equal((true, true, !isSilent), (socket.WasShutDown, socket.IsClosed, socket.WasReset));
    }

    [Fact]
    public void Peer_that_ends_after_its_bytes_were_discarded_still_receives_all_replies()
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench);
        Begin(bench, TimeSpan.FromMinutes(1));
        bench.Sockets.Close(connection);

        (socket.BytesWaiting, socket.BytesUnacknowledged, socket.HasPeerEnded) = (5, 1, true);
        Look(bench, Interval);

        // A reset would destroy replies that the peer has not acknowledged yet. It is not needed: the peer sent the discarded bytes before
        // it received the FIN, so the FIN does not confirm them.
        Assert.Equal((true, false), (socket.IsClosed, socket.WasReset));
    }

    [Fact]
    public void Abort_resets_the_connection_and_ends_the_wait()
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench);
        Begin(bench, TimeSpan.FromMinutes(1));
        bench.Sockets.Close(connection);

        connection.Control.RequestClose(abort: true, "a test");
        Look(bench, Interval);

        Assert.True(socket.WasReset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void End_of_the_queue_and_abandonment_end_every_wait(bool isAbandoned)
    {
        using QueueBench bench = new();
        (ConnectionReceiver connection, MemorySocket socket) = Connect(bench);
        Begin(bench, TimeSpan.FromMinutes(1));
        bench.Sockets.Close(connection);

        if (isAbandoned)
        {
            bench.Sockets.Abandon();
        }
        else
        {
            bench.Sockets.CloseAll();
        }

        Assert.Equal((!isAbandoned, isAbandoned), (socket.IsClosed, socket.WasReset));
        Assert.True(connection.Control.Closed.IsCompleted);
    }

    private static (ConnectionReceiver Connection, MemorySocket Socket) Connect(QueueBench bench, bool replies = true)
    {
        ConnectionReceiver connection = bench.Connect(0);
        if (replies)
        {
            Assert.Equal(5, connection.Control.Sender.TrySend("reply"u8));
        }

        return (connection, (MemorySocket)connection.Socket);
    }

    private static void Begin(QueueBench bench, TimeSpan drain) => bench.Sockets.Begin(bench.Context.Clock.Now + bench.Context.Clock.ToTicks(drain));

    private static void Look(QueueBench bench, TimeSpan later)
    {
        bench.Clock.Advance(later);
        Assert.True(bench.Sockets.Due <= bench.Context.Clock.Now, "the ring thread would not have woken up");
        bench.Sockets.Look();
    }
}
