using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

public class OutgoingConnectionTests
{
    [Fact]
    public async Task Connection_that_the_service_opens_is_received_counted_and_listed()
    {
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Blocking = true;
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(2, 1.MiB()));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        using var connection = await host.Zcrx.ConnectAsync(server.LocalEndPoint!, "zcrx-1").WithinLimit();
        using Socket peer = await server.AcceptAsync().WithinLimit();

        Assert.Equal("zcrx-1", connection.QueueName);
        Assert.True(connection.Receiver.IsOutgoing);
        Assert.Equal(1, connection.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal((IPEndPoint)server.LocalEndPoint!, connection.RemoteEndPoint);
        var opened = await probe.FishForMessageAsync<ZcrxEvent.ConnectionOpened>();
        Assert.Equal((connection.Id, null), (opened.ConnectionId, opened.Listener));
        Assert.Contains((await host.Zcrx.GetStatusAsync()).Queues[1].Connections, status => status.Id == connection.Id);

        // Sends bytes before the subscription, which must receive them all.
        await peer.SendAsync("answer"u8.ToArray());
        peer.Shutdown(SocketShutdown.Send);
        Assert.Equal(6, await connection.Buffers.Select(static buffer => buffer.Length).Sum().ToTask().WithinLimit());
        await connection.Closed.WithinLimit();
        Assert.Equal(connection.Id, (await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>()).ConnectionId);
    }

    [Theory]
    [InlineData("zcrx-0")]
    [InlineData("zcrx-1")]
    public async Task Stop_of_the_service_waits_for_a_relay_whose_client_and_server_may_be_on_different_queues(string queue)
    {
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Blocking = true;
        TaskCompletionSource<ZcrxConnection[]> relayed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TestHost? host = null;
        host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", async (client, token) =>
        {
            using ZcrxConnection server = await host!.Zcrx.ConnectAsync(listener.LocalEndPoint!, queue, token);
            relayed.SetResult([client, server]);
            await client.RelayAsync(server, token);
        }));
        await using (host)
        {
            using Socket client = await host.ConnectAsync();
            await client.SendAsync("request"u8.ToArray());
            using Socket server = await listener.AcceptAsync().WithinLimit();
            Assert.Equal(7, await server.ReceiveAsync(new byte[10]).WithinLimit());
            ZcrxConnection[] connections = await relayed.Task.WithinLimit();

            Task stopping = host.StopAsync();
            await Eventually.TrueAsync(() => Array.TrueForAll(connections, static connection => connection.Receiver.StopCause is not null), "both queues stop");
            await server.SendAsync("answer"u8.ToArray());
            server.Shutdown(SocketShutdown.Send);

            Assert.Equal(6, await client.ReceiveAsync(new byte[10]).WithinLimit());
            Assert.Equal(0, await client.ReceiveAsync(new byte[10]).WithinLimit());
            client.Shutdown(SocketShutdown.Send);
            await stopping;
        }
    }

    [Fact]
    public async Task Server_that_cannot_be_reached_is_a_socket_error()
    {
        IPEndPoint nobody;
        using (Socket free = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            nobody = (IPEndPoint)free.LocalEndPoint!;
        }

        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));

        var refused = await Assert.ThrowsAsync<SocketException>(() => host.Zcrx.ConnectAsync(nobody).WithinLimit());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task Unknown_queue_is_refused_and_the_socket_is_closed()
    {
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Blocking = true;
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));

        var refused = await Assert.ThrowsAsync<ZcrxException>(() => host.Zcrx.ConnectAsync(server.LocalEndPoint!, "eth9-9").WithinLimit());

        Assert.Contains("eth9-9", refused.Message, StringComparison.Ordinal);
        using Socket peer = await server.AcceptAsync().WithinLimit();
        Assert.Equal(0, await peer.ReceiveAsync(new byte[1]).WithinLimit());
    }

    [Fact]
    public async Task Connecting_is_refused_while_the_service_stops_and_afterwards()
    {
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB()));
        var zcrx = host.Zcrx;
        var connection = await zcrx.ConnectAsync(server.LocalEndPoint!).WithinLimit();
        var work = connection.BeginWork();
        var stopped = host.StopAsync();
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1003), "the stop begins");

        var refused = await Assert.ThrowsAsync<ZcrxException>(() => zcrx.ConnectAsync(server.LocalEndPoint!).WithinLimit());

        Assert.Contains("is being stopped", refused.Message, StringComparison.Ordinal);
        work.Dispose();
        connection.Dispose();
        await stopped.WithinLimit();
        await Assert.ThrowsAsync<ZcrxException>(() => zcrx.ConnectAsync(server.LocalEndPoint!).WithinLimit());
    }

    [Fact]
    public async Task End_points_are_found_by_the_name_of_the_listener()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle, name: "ingest").Listen("127.0.0.1:0", received.Handle, name: "admin"));

        Assert.Equal(host.Zcrx.EndPoints[1], host.Zcrx.EndPoints["admin"]);
        Assert.Equal(["admin", "ingest"], host.Zcrx.EndPoints.ByName.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("admin, ingest", Assert.Throws<KeyNotFoundException>(() => host.Zcrx.EndPoints["other"]).Message, StringComparison.Ordinal);
    }
}
