using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Tests;

/// <summary>Tests that each connection of Kestrel is a connection of a Zcrx queue.</summary>
public sealed class QueueTests
{
    private const string Hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Connection_that_is_kept_alive_survives_a_restart_of_its_queue()
    {
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        const string Request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        await client.SendAsync(Request);
        Assert.Contains("Hello", await client.ReadUntilAsync("Hello"), StringComparison.Ordinal);

        IZcrx zcrx = server.Services.GetRequiredService<IZcrx>();
        zcrx.Supervisor.Tell(new ZcrxCommand.RestartQueue("web", TimeSpan.FromSeconds(1)));
        await Deadline.UntilAsync(async () => (await zcrx.GetStatusAsync()).Queues[0] is { Restarts: 1, State: QueueState.Open }, () => "the queue is open again");

        await client.SendAsync(Request);
        Assert.Contains("Hello", await client.ReadUntilAsync("Hello"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_continues_while_its_connection_moves_between_queues()
    {
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx, configure: static builder => builder.Services.AddZcrx(
            static zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = "other", Engine = ZcrxEngine.Emulated, AreaSize = 4 << 20 })));
        IZcrx zcrx = server.Services.GetRequiredService<IZcrx>();
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        byte[] body = Payload.Create(2 << 20);
        const int Piece = 128 << 10;
        await client.SendAsync($"POST /hash HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");

        // The connection moves once during each piece of the body. The last byte is sent after all moves, because the server closes the
        // connection after it.
        ReadOnlyMemory<byte> last = body.AsMemory(body.Length - 1);
        List<string> queues = [];
        for (int sent = 0; sent < body.Length; sent += Piece)
        {
            Task sending = client.SendAsync(body.AsMemory(sent, Math.Min(Piece, body.Length - last.Length - sent)));
            ZcrxReply? reply = null;
            // The service refuses the command while it still chooses a queue for the new connection, so the command is repeated.
            await Deadline.UntilAsync(
                async () =>
                {
                    ConnectionStatus connection = Assert.Single((await zcrx.GetStatusAsync()).Queues.SelectMany(static queue => queue.Connections));
                    reply = await zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.MoveConnection(connection.Id, connection.Queue == "web" ? "other" : "web"), Patience);
                    return reply is ZcrxReply.Moved;
                },
                () => $"the connection moves: {reply}");
            queues.Add(Assert.IsType<ZcrxReply.Moved>(reply).Connection.Queue);
            await sending.WaitAsync(Patience);
        }

        await client.SendAsync(last);
        Assert.Contains(Convert.ToHexString(SHA256.HashData(body)), await client.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal([8, 8], queues.CountBy(static queue => queue).Select(static pair => pair.Value));
        Assert.Empty(server.Logged);
    }

    [Fact]
    public async Task Connections_are_listed_by_the_status_and_are_gone_with_their_clients()
    {
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx);
        IZcrx zcrx = server.Services.GetRequiredService<IZcrx>();
        using (RawClient client = await RawClient.ConnectAsync(server.EndPoint))
        {
            await client.SendAsync("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Contains("Hello", await client.ReadUntilAsync("Hello"), StringComparison.Ordinal);
            Assert.Equal(1, (await zcrx.GetStatusAsync()).Listeners.Single().Connections);
        }

        await Deadline.UntilAsync(
            async () => await zcrx.GetStatusAsync() is var status && status.Listeners.Single().Connections == 0 && status.Queues.Single().Statistics is { BuffersOut: 0 },
            () => "no connection and no buffer is left");
    }

    [Fact]
    public async Task Limits_of_the_listener_apply()
    {
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx, configure: static builder => builder.Services.Configure<ZcrxTransportOptions>(
            static options => options.ConfigureListener = static listener => (listener.Name, listener.MaxConnections) = ("http", 1)));
        using RawClient first = await RawClient.ConnectAsync(server.EndPoint);
        await first.SendAsync("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Contains("Hello", await first.ReadUntilAsync("Hello"), StringComparison.Ordinal);
        Assert.Equal(server.EndPoint, server.Services.GetRequiredService<IZcrx>().EndPoints["http"]);

        try
        {
            using RawClient second = await RawClient.ConnectAsync(server.EndPoint);
            Assert.Equal("(reset)", await second.ReadToEndAsync());
        }
        catch (System.Net.Sockets.SocketException exception)
        {
            // The reset arrived before the connect call returned.
            Assert.Equal(System.Net.Sockets.SocketError.ConnectionReset, exception.SocketErrorCode);
        }
    }

    [Fact]
    public async Task Queues_are_shared_with_the_listeners_of_the_service_by_default()
    {
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx, configure: builder => builder.Services.AddZcrx(zcrx => zcrx.Listen("127.0.0.1:0", static connection => connection.Buffers.Subscribe(static _ => { }, static _ => { }), name: "ingest")));
        IZcrx zcrx = server.Services.GetRequiredService<IZcrx>();
        using RawClient web = await RawClient.ConnectAsync(server.EndPoint);
        using RawClient peer = await RawClient.ConnectAsync(zcrx.EndPoints["ingest"]);
        await web.SendAsync(Hello);
        Assert.Contains("Hello", await web.ReadUntilAsync("Hello"), StringComparison.Ordinal);

        await Deadline.UntilAsync(
            async () => (await zcrx.GetStatusAsync()).Queues.Single().Connections.Select(static connection => connection.Listener).Order(StringComparer.Ordinal).SequenceEqual(["ingest", "kestrel-0"]),
            () => "both connections are on the one queue");
    }

    [Fact]
    public async Task Separate_queues_serve_while_the_pool_of_the_service_is_exhausted()
    {
        HostApplicationBuilder queues = Host.CreateEmptyApplicationBuilder(null);
        queues.Services.AddZcrx(static zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = "separate", Engine = ZcrxEngine.Emulated, AreaSize = 1 << 20 }));
        using IHost separate = queues.Build();
        await separate.StartAsync();
        ConcurrentQueue<BufferLease> kept = [];
        bool keeps = true;
        IDisposable Keep(ZcrxConnection connection) => connection.Buffers.Subscribe(
            buffer =>
            {
                if (Volatile.Read(ref keeps))
                {
                    kept.Enqueue(buffer.Retain());
                }
            },
            static _ => { });
        await using (WebServer server = await WebServer.StartAsync(WebServer.OnZcrx, configure: builder =>
        {
            builder.Services.AddZcrx(zcrx => zcrx.Listen("127.0.0.1:0", Keep, name: "ingest"));
            builder.Services.Configure<ZcrxTransportOptions>(options => options.Zcrx = _ => separate.Services.GetRequiredService<IZcrx>());
        }))
        {
            IZcrx own = server.Services.GetRequiredService<IZcrx>();
            using CancellationTokenSource end = new();
            using RawClient peer = await RawClient.ConnectAsync(own.EndPoints["ingest"]);
            Task sending = peer.Socket.SendAsync(new byte[16 << 20], end.Token).AsTask();
            await Deadline.UntilAsync(async () => (await own.GetStatusAsync()).Queues.Single() is { Statistics.PausedConnections: 1 }, () => "the service receives nothing more");

            using HttpClient client = server.CreateClient();
            byte[] payload = Payload.Create(4 << 20);
            using HttpResponseMessage response = await client.PostAsync(new Uri("/hash", UriKind.Relative), new ByteArrayContent(payload));
            Assert.Equal(Convert.ToHexString(SHA256.HashData(payload)), await response.Content.ReadAsStringAsync());

            Assert.False(sending.IsCompleted);
            Assert.Equal(["ingest"], (await own.GetStatusAsync()).Listeners.Select(static listener => listener.Name));
            Assert.Equal(["kestrel-0"], (await separate.Services.GetRequiredService<IZcrx>().GetStatusAsync()).Listeners.Select(static listener => listener.Name));
            await end.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
            Volatile.Write(ref keeps, false);
            while (kept.TryDequeue(out BufferLease? lease))
            {
                lease.Dispose();
            }
        }

        await separate.StopAsync();
    }

    [Theory]
    [InlineData(64 << 10, 256)]
    [InlineData(1 << 20, 16)]
    public async Task Body_that_is_not_read_waits_in_as_few_buffers_as_the_limits_allow(int maxRequestBufferSize, int maxQueuedBuffers)
    {
        const int BufferLength = 4096;
        const int MaxReadBytes = 32 << 10;
        const int BuffersOfReceive = 8;
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx, configure: builder =>
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBufferSize = maxRequestBufferSize);
            builder.Services.Configure<ZcrxTransportOptions>(options => (options.MaxQueuedBuffers, options.MaxReadBytes) = (maxQueuedBuffers, MaxReadBytes));
            EmulatedKernelOptions emulation = new() { BuffersPerTurn = BuffersOfReceive };
            builder.Services.AddZcrx(zcrx => zcrx.Configure(options => options.Queues[0] = options.Queues[0] with { Emulation = emulation }));
        });
        IZcrx zcrx = server.Services.GetRequiredService<IZcrx>();
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        byte[] body = Payload.Create(24 << 20);
        await client.SendAsync($"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n");
        await server.Begun.Task.WaitAsync(Patience);
        Task sending = client.SendAsync(body);
        ConnectionStatus? connection = null;
        await Deadline.UntilAsync(
            async () => (connection = (await zcrx.GetStatusAsync()).Queues.Single().Connections.Single()).State == ZcrxConnectionState.Paused,
            () => $"the connection pauses: {connection}");

        // The limit is a sum: the buffers that may wait, those of Kestrel's last read, and those that one receive has delivered. A limit in
        // bytes allows up to twice as many buffers, because the last buffer of each receive may be partly filled.
        int most = int.Min(maxQueuedBuffers, 2 * maxRequestBufferSize / BufferLength) + (2 * MaxReadBytes / BufferLength) + BuffersOfReceive;
        Assert.InRange(connection!.BuffersLeased, 1, most);
        Assert.False(sending.IsCompleted);
        _ = server.Go.TrySetResult();
        await sending.WaitAsync(Patience);
        Assert.Equal("whole", await server.UploadEnded.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Without_queues_the_start_fails_and_says_what_to_add()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseZcrx().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using WebApplication app = builder.Build();

        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync());

        Assert.Contains("services.AddZcrx", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_options_fail_the_start()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseZcrx(static options => options.MaxQueuedBuffers = 0);
        await using WebApplication app = builder.Build();

        Microsoft.Extensions.Options.OptionsValidationException exception = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => app.StartAsync());

        Assert.Contains(nameof(ZcrxTransportOptions.MaxQueuedBuffers), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_Zcrx_closes_accepts_no_more()
    {
        await using WebServer server = await WebServer.StartAsync(WebServer.OnZcrx);
        IZcrx zcrx = server.Services.GetRequiredService<IZcrx>();

        await zcrx.RemoveListenerAsync("kestrel-0").WaitAsync(Patience);

        await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => RawClient.ConnectAsync(server.EndPoint));
        await server.StopAsync().WaitAsync(Patience);
    }
}
