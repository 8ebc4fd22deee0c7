using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Listening;

/// <summary>Tests that the options of a listener apply to the sockets that it accepts.</summary>
[Collection(SocketsCollection.Name)]
public class ListenOptionsTests
{
    [Fact]
    public async Task Options_of_the_listener_apply_to_accepted_connections()
    {
        ZcrxListenOptions options = new()
        {
            NoDelay = false,
            SendBufferSize = 40_000,
            KeepAliveTime = TimeSpan.FromSeconds(77),
            KeepAliveInterval = TimeSpan.FromSeconds(11),
            KeepAliveCount = 3,
            UserTimeout = TimeSpan.FromSeconds(91),
        };
        await using Served served = await Served.StartAsync("127.0.0.1:0", options);

        Socket accepted = served.Connection.Socket;
        Assert.False(served.Connection.NoDelay);
        // The kernel doubles the configured size, to have room for its own data.
        Assert.Equal(80_000, accepted.SendBufferSize);
        Assert.Equal(1, Option(accepted, SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(77, Option(accepted, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(11, Option(accepted, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(3, Option(accepted, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
        Assert.Equal(91_000, UserTimeout(accepted));

        served.Connection.NoDelay = true;
        Assert.True(served.Connection.NoDelay);
    }

    [Fact]
    public async Task Defaults_send_at_once_and_notice_a_peer_that_has_vanished()
    {
        await using Served served = await Served.StartAsync("127.0.0.1:0", new ZcrxListenOptions());

        Socket accepted = served.Connection.Socket;
        Assert.True(served.Connection.NoDelay);
        Assert.Equal(1, Option(accepted, SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(120_000, UserTimeout(accepted));
    }

    [Fact]
    public async Task Connection_to_a_server_has_the_defaults_of_accepted_connections()
    {
        ZcrxListenOptions defaults = new();
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using ZcrxConnection connection = await queue.Queue.ConnectAsync(server.LocalEndPoint!).Within("the connection opens");

        Socket connected = connection.Socket;
        Assert.True(connection.NoDelay);
        Assert.Equal(1, Option(connected, SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(defaults.KeepAliveTime.TotalSeconds, Option(connected, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(defaults.KeepAliveInterval.TotalSeconds, Option(connected, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(defaults.KeepAliveCount, Option(connected, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
        Assert.Equal(defaults.UserTimeout.TotalMilliseconds, UserTimeout(connected));
    }

    [Fact]
    public async Task Configurator_sees_the_listening_socket_before_it_is_bound()
    {
        List<bool> bound = [];
        await using Served served = await Served.StartAsync("127.0.0.1:0", new ZcrxListenOptions
        {
            ConfigureSocket = socket =>
            {
                bound.Add(socket.IsBound);
                socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, 0x10);
            },
        });

        Assert.Equal([false], bound);
        Assert.Equal(0x10, Option(served.Connection.Socket, SocketOptionLevel.IP, SocketOptionName.TypeOfService));
    }

    [Fact]
    public async Task Client_of_a_dual_mode_listener_has_its_IPv4_address()
    {
        await using Served served = await Served.StartAsync("*:0", new ZcrxListenOptions());

        Assert.Equal(served.Client.LocalEndPoint, served.Connection.RemoteEndPoint);
        Assert.Equal(served.Client.RemoteEndPoint, served.Connection.LocalEndPoint);
    }

    [Fact]
    public void Several_sockets_share_a_port_only_with_ReusePort()
    {
        ZcrxListenOptions shared = new() { ReusePort = true };
        using Socket first = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), shared);
        IPEndPoint endPoint = (IPEndPoint)first.LocalEndPoint!;

        using (Socket second = ListenSocket.Bind(endPoint, shared))
        {
            Assert.Equal(endPoint, second.LocalEndPoint);
        }

        Assert.Throws<ZcrxException>(() => ListenSocket.Bind(endPoint));
    }

    [Fact]
    public void Invalid_options_are_all_reported_before_anything_is_bound()
    {
        ZcrxListenOptions options = new()
        {
            Backlog = 0, SendBufferSize = -1, KeepAliveTime = TimeSpan.Zero, KeepAliveInterval = TimeSpan.FromDays(1), KeepAliveCount = 128, UserTimeout = TimeSpan.FromDays(2),
        };

        ZcrxConfigurationException refused = Assert.Throws<ZcrxConfigurationException>(() => ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), options));

        Assert.Equal(
            [nameof(options.Backlog), nameof(options.SendBufferSize), nameof(options.KeepAliveTime), nameof(options.KeepAliveInterval), nameof(options.KeepAliveCount), nameof(options.UserTimeout)],
            refused.Errors.Select(static error => error.Path));
    }

    private static int Option(Socket socket, SocketOptionLevel level, SocketOptionName name) => (int)socket.GetSocketOption(level, name)!;

    private static int UserTimeout(Socket socket)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        _ = socket.GetRawSocketOption(6, 18, value);
        return BitConverter.ToInt32(value);
    }

    /// <summary>Represents one client of a listener, and its connection.</summary>
    private sealed class Served(ZcrxQueue queue, ZcrxListener listener, Socket client, ZcrxConnection connection) : IAsyncDisposable
    {
        public Socket Client => client;

        public ZcrxConnection Connection => connection;

        public static async Task<Served> StartAsync(string endPoint, ZcrxListenOptions options)
        {
            ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
            TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
            ZcrxListener listener = queue.Listen(
                endPoint,
                async (connection, _) =>
                {
                    accepted.SetResult(connection);
                    await connection.Buffers.Select(static buffer => buffer.Length).LastOrDefaultAsync().ToTask();
                },
                options);
            Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, listener.EndPoint.Port)).Within("the client connects");
            return new Served(queue, listener, client, await accepted.Task.Within("the connection is accepted"));
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            listener.Dispose();
            await queue.DisposeAsync().AsTask().Within("the queue closes");
        }
    }
}
