using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Connections;

/// <summary>Tests the commands about connections and their replies.</summary>
public class ConnectionCommandTests
{
    [Fact]
    public async Task An_attached_socket_is_received_from_until_it_is_detached_at_its_offset()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionOpened), typeof(ZcrxEvent.ConnectionClosed));
        var detachments = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionDetached));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;

        var attached = await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, received.Handle));
        var opened = await probe.FishForMessageAsync<ZcrxEvent.ConnectionOpened>();
        Assert.Equal((null, "zcrx-0", attached.Connection.Id), (opened.Listener, opened.Queue, opened.ConnectionId));
        Assert.Equal(theirs.LocalEndPoint, attached.Connection.RemoteEndPoint);
        await client.SendAsync(Payload.Bytes(10_000)).WithinLimit();
        var stream = await received.StreamAsync(0);
        await stream.AssertReceivedAsync(10_000);
        var status = Assert.Single((await host.Zcrx.GetStatusAsync()).Queues[0].Connections);
        Assert.Equal((attached.Connection.Id, 10_000L, ZcrxConnectionState.Receiving), (status.Id, status.BytesReceived, status.State));

        var detached = await Ask<ZcrxReply.Detached>(host, new ZcrxCommand.DetachConnection(attached.Connection.Id));
        Assert.Equal((10_000L, 0), (detached.StreamOffset, detached.Unread.Length));
        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(10_000, (await detachments.FishForMessageAsync<ZcrxEvent.ConnectionDetached>()).StreamOffset);
        var closed = await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>();
        Assert.Equal((attached.Connection.Id, 10_000L), (closed.ConnectionId, closed.BytesReceived));
        Assert.Equal("the connection was detached, and its socket has another owner", Assert.IsType<ZcrxStreamException>(closed.Error).Cause);

        // The test owns the socket after the detach, and can still use it.
        using var socket = detached.Socket;
        await client.SendAsync("more"u8.ToArray()).WithinLimit();
        byte[] buffer = new byte[10];
        int length = await socket.ReceiveAsync(buffer).WithinLimit();
        Assert.Equal("more"u8, buffer.AsSpan(0, length));
        Assert.Empty((await host.Zcrx.GetStatusAsync()).Queues[0].Connections);
        Assert.Equal(ZcrxFailure.NoSuchConnection, (await Ask<ZcrxReply.Failed>(host, new ZcrxCommand.DetachConnection(attached.Connection.Id))).Reason);
    }

    [Fact]
    public async Task A_connection_is_paused_resumed_and_moved_by_its_id()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", received.Handle, name: "door"));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionMoved));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        long id = stream.Connection.Id;

        var paused = await Ask<ZcrxReply.Paused>(host, new ZcrxCommand.PauseConnection(id));
        Assert.Equal((id, "door", ZcrxConnectionState.Paused), (paused.Connection.Id, paused.Connection.Listener, paused.Connection.State));
        var resumed = await Ask<ZcrxReply.Resumed>(host, new ZcrxCommand.ResumeConnection(id));
        Assert.Equal(ZcrxConnectionState.Receiving, resumed.Connection.State);
        await client.SendAsync(Payload.Bytes(5_000)).WithinLimit();
        await stream.AssertReceivedAsync(5_000);

        string from = stream.Connection.QueueName;
        string to = from == "zcrx-0" ? "zcrx-1" : "zcrx-0";
        Assert.Equal(to, (await Ask<ZcrxReply.Moved>(host, new ZcrxCommand.MoveConnection(id, to))).Connection.Queue);
        Assert.Equal(new ZcrxEvent.ConnectionMoved(id, from, to), (await probe.FishForMessageAsync<ZcrxEvent.ConnectionMoved>()));
        Assert.True(host.Log.Has(1305));
        await client.SendAsync(Payload.Bytes(5_000, 5_000)).WithinLimit();
        client.Shutdown(SocketShutdown.Send);
        Assert.Null(await stream.Ended.WithinLimit());
        await stream.AssertReceivedAsync(10_000);
    }

    [Fact]
    public async Task A_paused_connection_receives_nothing_until_it_is_resumed()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()).Listen("127.0.0.1:0", received.Handle));
        using var quiet = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        await Ask<ZcrxReply.Paused>(host, new ZcrxCommand.PauseConnection(stream.Connection.Id));
        // A move to the connection's own queue changes nothing. Its reply proves that the ring thread has cancelled the receive of the
        // paused connection.
        await Ask<ZcrxReply.Moved>(host, new ZcrxCommand.MoveConnection(stream.Connection.Id, "zcrx-0"));
        await quiet.SendAsync(Payload.Bytes(3_000)).WithinLimit();

        // Bytes of another connection on the same ring prove that the ring has had time to receive.
        using var other = await host.ConnectAsync();
        await other.SendAsync(Payload.Bytes(3_000)).WithinLimit();
        await (await received.StreamAsync(1)).AssertReceivedAsync(3_000);
        Assert.Equal(0, stream.Length);

        await Ask<ZcrxReply.Resumed>(host, new ZcrxCommand.ResumeConnection(stream.Connection.Id));
        await stream.AssertReceivedAsync(3_000);
    }

    [Fact]
    public async Task An_impossible_command_is_answered_with_the_reason()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .Configure(static options => options.Restart.MinBackoff = options.Restart.MaxBackoff = TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", received.Handle));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.ConnectionClosed));
        host.Crash("zcrx-1");
        await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();
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
        await AssertFailedAsync(host, new ZcrxCommand.AttachConnection(unconnected, received.Handle), ZcrxFailure.InvalidSocket, "The socket cannot be attached: ");
        await AssertFailedAsync(host, new ZcrxCommand.AttachConnection(unconnected, received.Handle, "zcrx-1"), ZcrxFailure.QueueNotOpen, "The queue zcrx-1 is not open");

        // Ends the connection, so that the next command names a closed one.
        client.Shutdown(SocketShutdown.Send);
        await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>();
        await AssertFailedAsync(host, new ZcrxCommand.DetachConnection(id), ZcrxFailure.NoSuchConnection, $"No connection {id}");
    }

    [Fact]
    public async Task A_connection_that_is_being_moved_is_busy()
    {
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", connection =>
        {
            accepted.SetResult(connection);
            return connection.Buffers.Subscribe(static _ => { }, static _ => { });
        }));
        using var client = await host.ConnectAsync();
        var connection = await accepted.Task.WithinLimit();
        string other = connection.QueueName == "zcrx-0" ? "zcrx-1" : "zcrx-0";
        // The move waits for the ring thread of the target, which is blocked.
        using ManualResetEventSlim release = new();
        host.Queues.Single(slot => slot.Name == other).Current!.Loop.Post(() => release.Wait(Eventually.Limit));
        var mover = host.Kit.CreateTestProbe();
        host.Zcrx.Supervisor.Tell(new ZcrxCommand.MoveConnection(connection.Id, other), mover.Ref);
        await host.Kit.AwaitConditionAsync(() => connection.State == ZcrxConnectionState.Moving, "the move has begun");

        await AssertFailedAsync(host, new ZcrxCommand.MoveConnection(connection.Id, other), ZcrxFailure.Busy, "The connection");
        await AssertFailedAsync(host, new ZcrxCommand.DetachConnection(connection.Id), ZcrxFailure.Busy, "The connection");

        release.Set();
        await mover.ExpectMsgAsync<ZcrxReply.Moved>();
    }

    [Fact]
    public async Task A_stop_drains_attached_connections()
    {
        const int Sent = 300_000;
        using ManualResetEventSlim gate = new();
        Received received = new() { Gate = gate };
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;
        await client.SendAsync(Payload.Bytes(Sent)).WithinLimit();
        await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, received.Handle));

        var stopping = host.StopAsync();
        await Eventually.TrueAsync(() => host.Log.Has(1003), "the stop begins");
        // The gate has blocked the consumer until here, so all bytes are delivered during the stop.
        gate.Set();
        await stopping;

        var stream = Assert.Single(received.Streams);
        await stream.AssertReceivedAsync(Sent);
        Assert.True(stream.IsDisposed);
        Assert.Equal(ZcrxState.Stopped, (await host.Zcrx.GetStatusAsync()).State);
    }

    [Fact]
    public async Task A_handler_that_throws_resets_its_connection()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        var (ours, theirs) = await PairAsync();
        using var client = theirs;

        var attached = await Ask<ZcrxReply.Attached>(host, new ZcrxCommand.AttachConnection(ours, static _ => throw new CrashException()));

        Assert.IsType<CrashException>((await probe.FishForMessageAsync<ZcrxEvent.ConsumerFaulted>(fault => fault.ConnectionId == attached.Connection.Id)).Exception);
        await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>();
        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WithinLimit())).SocketErrorCode);
    }

    [Fact]
    public async Task Commands_and_replies_are_exempt_from_serialize_messages()
    {
        using var system = ActorSystem.Create("strict", TestKitConfig.Strict);
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
