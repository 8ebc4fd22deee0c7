using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Connections;

/// <summary>Attach, pause, resume, move, detach: as messages, answered with what was done or why not.</summary>
public class ConnectionCommandTests
{
    [Fact]
    public async Task A_connected_socket_is_received_for_until_it_is_given_back_where_it_was()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        using Probe probe = new(host.System, typeof(ZcrxEvent.ConnectionOpened), typeof(ZcrxEvent.ConnectionClosed));
        using Probe detachments = new(host.System, typeof(ZcrxEvent.ConnectionDetached));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;

        var attached = await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, received.Handle));
        var opened = probe.Expect<ZcrxEvent.ConnectionOpened>();
        Assert.Equal((null, "zcrx-0", attached.Connection.Id), (opened.Listener, opened.Queue, opened.ConnectionId));
        Assert.Equal(theirs.LocalEndPoint, attached.Connection.RemoteEndPoint);
        await client.SendAsync(new byte[10_000]).WithinLimit();
        var stream = await received.StreamAsync(0);
        await Eventually.TrueAsync(() => stream.Length == 10_000, "the bytes arrive");
        var status = Assert.Single((await host.Zcrx.GetStatusAsync()).Queues[0].Connections);
        Assert.Equal((attached.Connection.Id, 10_000L, ZcrxConnectionState.Receiving), (status.Id, status.BytesReceived, status.State));

        var detached = await Ask<ZcrxReply.Detached>(host, new ZcrxCommand.DetachConnection(attached.Connection.Id));
        Assert.Equal((10_000L, 0), (detached.StreamOffset, detached.Unread.Length));
        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(10_000, detachments.Expect<ZcrxEvent.ConnectionDetached>().StreamOffset);
        var closed = probe.Expect<ZcrxEvent.ConnectionClosed>();
        Assert.Equal((attached.Connection.Id, 10_000L), (closed.ConnectionId, closed.BytesReceived));
        Assert.Equal("the connection was detached, and its socket has another owner", Assert.IsType<ZcrxStreamException>(closed.Error).Cause);

        // The socket works for its owner.
        using var socket = detached.Socket;
        await client.SendAsync("more"u8.ToArray()).WithinLimit();
        byte[] buffer = new byte[10];
        Assert.Equal(4, await socket.ReceiveAsync(buffer).WithinLimit());
        Assert.Empty((await host.Zcrx.GetStatusAsync()).Queues[0].Connections);
        Assert.Equal(ZcrxFailure.NoSuchConnection, (await Ask<ZcrxReply.Failed>(host, new ZcrxCommand.DetachConnection(attached.Connection.Id))).Reason);
    }

    [Fact]
    public async Task A_connection_is_paused_resumed_and_moved_by_its_number()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", received.Handle, name: "door"));
        using Probe probe = new(host.System, typeof(ZcrxEvent.ConnectionMoved));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        long id = stream.Connection.Id;

        var paused = await Ask<ZcrxReply.Paused>(host, new ZcrxCommand.PauseConnection(id));
        Assert.Equal((id, "door", ZcrxConnectionState.Paused), (paused.Connection.Id, paused.Connection.Listener, paused.Connection.State));
        var resumed = await Ask<ZcrxReply.Resumed>(host, new ZcrxCommand.ResumeConnection(id));
        Assert.Equal(ZcrxConnectionState.Receiving, resumed.Connection.State);
        await client.SendAsync(new byte[5_000]).WithinLimit();
        await Eventually.TrueAsync(() => stream.Length == 5_000, "the bytes arrive");

        string from = stream.Connection.QueueName;
        string to = from == "zcrx-0" ? "zcrx-1" : "zcrx-0";
        Assert.Equal(to, (await Ask<ZcrxReply.Moved>(host, new ZcrxCommand.MoveConnection(id, to))).Connection.Queue);
        Assert.Equal(new ZcrxEvent.ConnectionMoved(id, from, to), probe.Expect<ZcrxEvent.ConnectionMoved>());
        Assert.True(host.Log.Has(1305));
        await client.SendAsync(new byte[5_000]).WithinLimit();
        client.Shutdown(SocketShutdown.Send);
        Assert.Null(await stream.Ended.WithinLimit());
        Assert.Equal(10_000, stream.Length);
    }

    [Fact]
    public async Task A_paused_connection_receives_nothing_until_it_is_resumed()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()).Listen("127.0.0.1:0", received.Handle));
        using var quiet = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        await Ask<ZcrxReply.Paused>(host, new ZcrxCommand.PauseConnection(stream.Connection.Id));
        // The cancel is known to be through once it was moved nowhere: a command behind it on the ring's thread.
        await Ask<ZcrxReply.Moved>(host, new ZcrxCommand.MoveConnection(stream.Connection.Id, "zcrx-0"));
        await quiet.SendAsync(new byte[3_000]).WithinLimit();

        // Another connection of the same ring gets its bytes meanwhile.
        using var other = await host.ConnectAsync();
        await other.SendAsync(new byte[3_000]).WithinLimit();
        var otherStream = await received.StreamAsync(1);
        await Eventually.TrueAsync(() => otherStream.Length == 3_000, "the other's bytes arrive");
        Assert.Equal(0, stream.Length);

        await Ask<ZcrxReply.Resumed>(host, new ZcrxCommand.ResumeConnection(stream.Connection.Id));
        await Eventually.TrueAsync(() => stream.Length == 3_000, "the bytes arrive");
    }

    [Fact]
    public async Task What_cannot_be_done_is_answered_with_the_reason()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .Configure(static options => options.Restart.MinBackoff = options.Restart.MaxBackoff = TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.ConnectionClosed));
        host.Crash("zcrx-1");
        probe.Expect<ZcrxEvent.QueueRestarting>();
        using var client = await host.ConnectAsync();
        long id = (await received.StreamAsync(0)).Connection.Id;
        using Socket unconnected = new(SocketType.Stream, ProtocolType.Tcp);
        unconnected.Dispose();

        await AssertFailedAsync(host, new ZcrxCommand.PauseConnection(-1), ZcrxFailure.NoSuchConnection, "No connection -1 is being served.");
        await AssertFailedAsync(host, new ZcrxCommand.ResumeConnection(-1), ZcrxFailure.NoSuchConnection, "No connection -1");
        await AssertFailedAsync(host, new ZcrxCommand.MoveConnection(-1, "zcrx-0"), ZcrxFailure.NoSuchConnection, "No connection -1");
        await AssertFailedAsync(host, new ZcrxCommand.MoveConnection(id, "zcrx-9"), ZcrxFailure.NoSuchQueue, "There is no queue 'zcrx-9'; there are zcrx-0, zcrx-1.");
        var down = await AssertFailedAsync(host, new ZcrxCommand.MoveConnection(id, "zcrx-1"), ZcrxFailure.QueueNotOpen, "The queue zcrx-1 is not open: it is Restarting.");
        Assert.IsType<CrashException>(down.Cause);
        await AssertFailedAsync(host, new ZcrxCommand.AttachConnection(unconnected, received.Handle), ZcrxFailure.InvalidSocket, "The socket cannot be taken over: ");
        await AssertFailedAsync(host, new ZcrxCommand.AttachConnection(unconnected, received.Handle, "zcrx-1"), ZcrxFailure.QueueNotOpen, "The queue zcrx-1 is not open");

        // It ends while it is asked for.
        client.Shutdown(SocketShutdown.Send);
        probe.Expect<ZcrxEvent.ConnectionClosed>();
        await AssertFailedAsync(host, new ZcrxCommand.DetachConnection(id), ZcrxFailure.NoSuchConnection, $"No connection {id}");
    }

    [Fact]
    public async Task A_connection_that_is_being_moved_is_busy()
    {
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", connection =>
        {
            // Takes one buffer and leaves: what comes with it waits for an observer, and the move with it.
            System.Reactive.Disposables.SingleAssignmentDisposable once = new();
            connection.Pause();
            once.Disposable = connection.Buffers.Subscribe(_ => once.Dispose(), static _ => { });
            accepted.SetResult(connection);
            return once;
        }));
        using var client = await host.ConnectAsync();
        var connection = await accepted.Task.WithinLimit();
        await client.SendAsync(new byte[100_000]).WithinLimit();
        connection.Resume();
        await Eventually.TrueAsync(() => connection.BytesReceived > 4096, "more than one buffer arrives");
        string other = connection.QueueName == "zcrx-0" ? "zcrx-1" : "zcrx-0";
        using Probe mover = new(host.System);
        host.Zcrx.Supervisor.Tell(new ZcrxCommand.MoveConnection(connection.Id, other), mover.Ref);
        await Eventually.TrueAsync(() => connection.State == ZcrxConnectionState.Moving, "the move has begun");

        await AssertFailedAsync(host, new ZcrxCommand.MoveConnection(connection.Id, other), ZcrxFailure.Busy, "The connection");
        await AssertFailedAsync(host, new ZcrxCommand.DetachConnection(connection.Id), ZcrxFailure.Busy, "The connection");

        connection.Abort();
        Assert.Equal(ZcrxFailure.Ended, mover.Expect<ZcrxReply.Failed>().Reason);
    }

    [Fact]
    public async Task Attached_connections_are_drained_and_none_is_attached_any_more()
    {
        const int Sent = 300_000;
        Received received = new();
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;
        await client.SendAsync(new byte[Sent]).WithinLimit();
        await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, received.Handle));

        var supervisor = host.Zcrx.Supervisor;
        await host.StopAsync();

        var stream = Assert.Single(received.Streams);
        Assert.Equal(Sent, stream.Length);
        Assert.True(stream.IsDisposed);
        Assert.True(supervisor.IsNobody() || (await host.Zcrx.GetStatusAsync()).State == ZcrxState.Stopped);
    }

    [Fact]
    public async Task A_handler_that_throws_costs_the_connection_that_it_was_for()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        using Probe probe = new(host.System, typeof(ZcrxEvent));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;

        var attached = await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, static _ => throw new CrashException()));

        Assert.IsType<CrashException>(probe.Expect<ZcrxEvent.ConsumerFaulted>(fault => fault.ConnectionId == attached.Connection.Id).Exception);
        probe.Expect<ZcrxEvent.ConnectionClosed>();
        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WithinLimit())).SocketErrorCode);
    }

    [Fact]
    public async Task Messages_are_not_taken_for_ones_that_could_be_sent_elsewhere()
    {
        using var system = ActorSystem.Create("strict", "akka.actor { serialize-messages = on, serialize-creators = off }");
        Received received = new();
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()), services => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(services, system));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;

        var attached = await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, received.Handle));
        var detached = await Ask<ZcrxReply.Detached>(host, new ZcrxCommand.DetachConnection(attached.Connection.Id));

        detached.Socket.Dispose();
        Assert.Equal(ZcrxState.Running, (await host.Zcrx.GetStatusAsync()).State);
    }

    private static async Task<(Socket Ours, Socket Theirs)> PairAsync()
    {
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Socket theirs = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await theirs.ConnectAsync(listener.LocalEndPoint!).WithinLimit();
        return (await listener.AcceptAsync().WithinLimit(), theirs);
    }

    private static async Task<T> Ask<T>(TestHost host, ZcrxCommand command)
        where T : ZcrxReply => Assert.IsType<T>(await host.Zcrx.Supervisor.Ask<ZcrxReply>(command).WithinLimit());

    private static async Task<ZcrxReply.Failed> AssertFailedAsync(TestHost host, ZcrxCommand command, ZcrxFailure reason, string message)
    {
        var failed = await Ask<ZcrxReply.Failed>(host, command);
        Assert.StartsWith(message, failed.Message);
        Assert.Equal(reason, failed.Reason);
        return failed;
    }
}
