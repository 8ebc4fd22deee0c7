using System.Net;
using System.Net.Sockets;
using Zcrx.Cluster.Membership;
using Zcrx.Rx;

namespace Zcrx.Cluster.Tests.Membership;

/// <summary>Tests the connections of a cluster port without a cluster.</summary>
public class PortConnectionsTests
{
    private readonly PortConnections _connections = new();
    private readonly List<ZcrxConnection> _accepted = [];
    private int _received;

    [Fact]
    public async Task SetPaused_pauses_open_and_new_connections_and_delivers_what_has_arrived_afterwards()
    {
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Func<ZcrxConnection, IDisposable> handler = _connections.Track(Handle);
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection => handler(connection));
        using Socket first = await ConnectAsync(listener);
        await Deadline.UntilAsync(() => Count() == 1, "the first connection is accepted");
        Assert.Equal(ZcrxConnectionState.Receiving, _accepted[0].State);

        _connections.SetPaused(true);
        _connections.SetPaused(true);
        using Socket second = await ConnectAsync(listener);
        await Deadline.UntilAsync(() => Count() == 2, "the second connection is accepted");
        await first.SendAsync(new byte[10]).Within();
        await second.SendAsync(new byte[10]).Within();
        // These bytes are sent last, over a connection that is not paused. When they arrive, the queue has also handled the earlier bytes.
        using Socket other = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int seen = 0;
        using IDisposable otherAccepting = queue.Listen(other).Subscribe(connection => connection.Buffers.Subscribe(buffer => Interlocked.Add(ref seen, buffer.Length)));
        using Socket third = await ConnectAsync(other);
        await third.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref seen) == 10, "the other connection receives");
        Assert.All(_accepted, static connection => Assert.Equal(ZcrxConnectionState.Paused, connection.State));
        Assert.Equal(0, Volatile.Read(ref _received));

        _connections.SetPaused(false);
        await Deadline.UntilAsync(() => Volatile.Read(ref _received) == 20, "the bytes are delivered");
    }

    [Fact]
    public async Task Pause_of_the_application_outlasts_the_pause_of_the_port()
    {
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Func<ZcrxConnection, IDisposable> handler = _connections.Track(Handle);
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection => handler(connection));
        using Socket client = await ConnectAsync(listener);
        await Deadline.UntilAsync(() => Count() == 1, "the connection is accepted");

        _connections.SetPaused(true);
        _accepted[0].Pause();
        _connections.SetPaused(false);

        Assert.Equal(ZcrxConnectionState.Paused, _accepted[0].State);
        _accepted[0].Resume();
        await Deadline.UntilAsync(() => _accepted[0].State == ZcrxConnectionState.Receiving, "the connection receives");
    }

    private static async Task<Socket> ConnectAsync(Socket listener)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint!).Within();
        return socket;
    }

    private IDisposable Handle(ZcrxConnection connection)
    {
        IDisposable subscription = connection.Buffers.Subscribe(buffer => Interlocked.Add(ref _received, buffer.Length));
        lock (_accepted)
        {
            _accepted.Add(connection);
        }

        return subscription;
    }

    private int Count()
    {
        lock (_accepted)
        {
            return _accepted.Count;
        }
    }
}
