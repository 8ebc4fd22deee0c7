using System.Net.Sockets;
using Zcrx.Cluster.Tests.Support;
using Zcrx.Interop;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Tests frames on their way from a socket to the entities of a cluster.</summary>
public class ToShardsTests
{
    private static readonly ZcrxShardOptions Quick = new() { Partitions = 8, ResendTimeout = TimeSpan.FromMilliseconds(200) };

    private readonly EntityLog _log = new();

    [Fact]
    public async Task Every_frame_is_taken_once_and_in_order_on_both_nodes()
    {
        const int Frames = 3000;
        await using ShardNodes nodes = new(_log, Quick);
        await nodes.AddAsync();
        await nodes.AddAsync();

        // Cluster sharding moves shards to the second node after a while, so this is repeated until both nodes have some.
        int connections = 0;
        await Deadline.UntilAsync(
            async () =>
            {
                await Task.WhenAll(nodes.SendAsync(connections++, Frames), nodes.SendAsync(connections++, Frames, length: 300));
                return _log.Taken.Select(static frame => frame.Node).Distinct().Count() == 2;
            },
            static () => "entities of both nodes take frames");

        nodes.AssertTakenOnce([.. Enumerable.Range(0, connections).Select(static connection => (connection, Frames))]);
        Assert.All(nodes.Accepted, static accepted => Assert.Equal((true, Frames), (accepted.Sink.Completion.IsCompletedSuccessfully, accepted.Sink.Acknowledged)));
    }

    [Fact]
    public async Task Frames_whose_acknowledgements_are_lost_are_sent_again_and_taken_once()
    {
        const int Frames = 500;
        _log.LosesAcknowledgements = true;
        await using ShardNodes nodes = new(_log, Quick);
        await nodes.AddAsync();

        await nodes.SendAsync(1, Frames);

        nodes.AssertTakenOnce((1, Frames));
        Assert.True(nodes.Accepted.Single().Sink.Resends > 0);
    }

    [Fact]
    public async Task Entity_that_does_not_acknowledge_slows_the_sender_and_keeps_the_window_within_its_bound()
    {
        const int Frames = 20_000;
        const int Length = 2000;
        const int Window = 100;
        _log.IsAcknowledging = false;
        await using ShardNodes nodes = new(_log, Quick with { MaxUnacknowledged = Window });
        await nodes.AddAsync();
        using Socket socket = await nodes.ConnectAsync();
        Task sending = ShardNodes.SendAllAsync(socket, TestFrames.Stream(1, Frames, Length));
        await Deadline.UntilAsync(() => nodes.Accepted.TryPeek(out var accepted) && accepted.Connection.BytesWaiting > 0, "the connection is held");

        // The sockets cannot hold 40 MB, so the send must still wait.
        Assert.False(sending.IsCompleted);
        Assert.InRange(_log.Taken.Count, 0, Window);
        Assert.Equal(0, Assert.Single(nodes.Accepted).Sink.Acknowledged);

        _log.IsAcknowledging = true;
        await sending.Within("the sender continues");
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).Within("the service closes the connection"));
        nodes.AssertTakenOnce((1, Frames));
    }

    [Fact]
    public async Task Frames_continue_at_another_node_when_theirs_leaves()
    {
        const int Frames = 20_000;
        await using ShardNodes nodes = new(_log, Quick with { MaxUnacknowledged = 64 });
        await nodes.AddAsync();
        ClusterNode second = await nodes.AddAsync();
        int connection = 0;
        await Deadline.UntilAsync(
            async () =>
            {
                await nodes.SendAsync(connection++, 100);
                return _log.Taken.Any(frame => frame.Node == second.Name);
            },
            static () => "entities of the second node take frames");

        Task sending = nodes.SendAsync(connection, Frames);
        await Deadline.UntilAsync(() => _log.Taken.Any(frame => frame.Connection == connection && frame.Node == second.Name), "the stream has reached the second node");
        await second.StopAsync();
        await sending;

        nodes.AssertTakenOnce([.. Enumerable.Range(0, connection).Select(static number => (number, 100)), (connection, Frames)]);
    }

    [Fact]
    public async Task Key_selector_that_throws_resets_the_connection_and_is_reported()
    {
        await using ShardNodes nodes = new(_log, Quick) { Key = static _ => throw new InvalidDataException("no key") };
        await nodes.AddAsync();
        using Socket socket = await nodes.ConnectAsync();
        await ShardNodes.SendAllAsync(socket, TestFrames.Stream(1, 1));

        SocketException reset = await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).Within());
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        await Assert.ThrowsAsync<InvalidDataException>(() => nodes.Accepted.Single().Sink.Completion.Within());
    }

    [Fact]
    public async Task Frame_larger_than_a_message_between_nodes_ends_its_stream_and_names_the_fix()
    {
        await using ShardNodes nodes = new(_log, Quick);
        await nodes.AddAsync();
        using Socket socket = await nodes.ConnectAsync();
        await ShardNodes.SendAllAsync(socket, TestFrames.Stream(1, 1, length: 128_000));

        await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).Within());
        ZcrxException error = await Assert.ThrowsAsync<ZcrxException>(() => nodes.Accepted.Single().Sink.Completion.Within());
        Assert.Contains("maximum-frame-size", error.Fix, StringComparison.Ordinal);
    }
}
