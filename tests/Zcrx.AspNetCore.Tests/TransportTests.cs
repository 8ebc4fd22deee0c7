using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Akka.Actor;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;

namespace Zcrx.AspNetCore.Tests;

/// <summary>Tests that Kestrel behaves the same with the transport of Zcrx as with its own.</summary>
public sealed partial class TransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Transports => [WebServer.Sockets, WebServer.OnZcrx];

    public static TheoryData<string, bool, int> Protocols => new()
    {
        { WebServer.Sockets, false, 1 },
        { WebServer.Sockets, true, 1 },
        { WebServer.Sockets, true, 2 },
        { WebServer.OnZcrx, false, 1 },
        { WebServer.OnZcrx, true, 1 },
        { WebServer.OnZcrx, true, 2 },
    };

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Requests_on_a_connection_that_is_kept_alive_are_answered(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using HttpClient client = server.CreateClient();

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("Hello", await client.GetStringAsync("/hello"));
        }

        Assert.Empty(server.Logged);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task An_upload_arrives_whole(string transport, bool tls, int version)
    {
        await using WebServer server = await WebServer.StartAsync(transport, tls);
        using HttpClient client = server.CreateClient(new Version(version, version == 1 ? 1 : 0));
        byte[] body = Payload.Create(24 << 20);

        using HttpResponseMessage answer = await client.PostAsync("/hash", new ByteArrayContent(body));

        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), await answer.Content.ReadAsStringAsync());
        Assert.Empty(server.Logged);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_download_arrives_whole(string transport, bool tls, int version)
    {
        await using WebServer server = await WebServer.StartAsync(transport, tls);
        using HttpClient client = server.CreateClient(new Version(version, version == 1 ? 1 : 0));

        Assert.Equal(Payload.Create(8 << 20), await client.GetByteArrayAsync($"/bytes/{8 << 20}"));
        Assert.Empty(server.Logged);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Body_that_is_echoed_while_it_arrives_is_complete(string transport, bool tls, int version)
    {
        await using WebServer server = await WebServer.StartAsync(transport, tls);
        using HttpClient client = server.CreateClient(new Version(version, version == 1 ? 1 : 0));
        // The body fits into the window of an HTTP/2 stream, so the client can send all of it before it reads the reply.
        byte[] body = Payload.Create(60_000);

        using HttpResponseMessage answer = await client.PostAsync("/echo", new ByteArrayContent(body));

        Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync());
        Assert.Empty(server.Logged);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Http2_without_tls_serves_many_streams_at_once(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport, protocols: HttpProtocols.Http2);
        using HttpClient client = server.CreateClient(HttpVersion.Version20);

        byte[][] answers = await Task.WhenAll(Enumerable.Range(1, 50).Select(i => client.GetByteArrayAsync($"/bytes/{i * 1000}"))).WaitAsync(Patience);

        Assert.All(answers, static answer => Assert.Equal(Payload.Create(answer.Length), answer));
        Assert.Equal(Enumerable.Range(1, 50).Select(static i => i * 1000), answers.Select(static answer => answer.Length));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_web_socket_echoes(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri(server.Address.Replace("http", "ws", StringComparison.Ordinal) + "/ws"), CancellationToken.None);
        byte[] message = Payload.Create(40_000);
        byte[] echo = new byte[message.Length];

        for (int i = 0; i < 20; i++)
        {
            await socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None);
            int received = 0;
            while (received < echo.Length)
            {
                received += (await socket.ReceiveAsync(echo.AsMemory(received), CancellationToken.None)).Count;
            }

            Assert.Equal(message, echo);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        Assert.Empty(server.Logged);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Pipelined_requests_are_answered_in_order(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);

        await client.SendAsync("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        string[] statuses = [.. Status().Matches(await client.ReadToEndAsync()).Select(static match => match.Value)];
        Assert.Equal(["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 200"], statuses);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Request_that_arrives_byte_by_byte_is_answered(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);

        foreach (char letter in "POST /hash HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde")
        {
            await client.SendAsync(letter.ToString());
        }

        Assert.Contains(Convert.ToHexString(SHA256.HashData("abcde"u8)), await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_that_expects_100_continue_receives_it(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);

        await client.SendAsync("POST /hash HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 Continue", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await client.SendAsync("abc");

        Assert.Contains(Convert.ToHexString(SHA256.HashData("abc"u8)), await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Headers_beyond_the_limit_are_refused_with_431(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);

        await client.SendAsync($"GET /hello HTTP/1.1\r\nHost: a\r\nX: {new string('x', 20_000)}\r\nY: {new string('y', 20_000)}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_upload_that_the_client_resets_ends_the_handler(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        await client.SendAsync("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
        await server.Begun.Task.WaitAsync(Patience);

        client.Reset();
        _ = server.Go.TrySetResult();

        // The exception depends on what Kestrel notices first: the end of the connection or the error of the read.
        Assert.Contains(await server.UploadEnded.Task.WaitAsync(Patience), new[] { nameof(ConnectionResetException), "BadHttpRequestException" });
        Assert.Empty(server.Logged);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_upload_whose_client_ends_early_ends_the_handler(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        await client.SendAsync("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
        await server.Begun.Task.WaitAsync(Patience);

        client.Socket.Shutdown(SocketShutdown.Send);
        _ = server.Go.TrySetResult();

        Assert.Equal("BadHttpRequestException", await server.UploadEnded.Task.WaitAsync(Patience));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_client_that_half_closes_aborts_its_request(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.Begun.Task.WaitAsync(Patience);

        client.Socket.Shutdown(SocketShutdown.Send);

        await server.Aborted.Task.WaitAsync(Patience);
        _ = server.Go.TrySetResult();
        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_request_that_the_application_aborts_resets_the_connection(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);

        await client.SendAsync("GET /abort HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("(reset)", await client.ReadToEndAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Output_that_ends_with_an_error_resets_the_connection(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport, configure: static builder => builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(
            IPAddress.Loopback,
            0,
            static listen => listen.Run(static async connection =>
            {
                // The client is connected when it has sent bytes. A reset before that could fail its connect call.
                await connection.Transport.Input.ReadAsync();
                await connection.Transport.Output.CompleteAsync(new InvalidDataException("The reply cannot be completed."));
                // The handler does not return yet, so only the output of the connection has ended. The client must detect that.
                TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                using CancellationTokenRegistration registration = connection.ConnectionClosed.Register(closed.SetResult);
                await closed.Task;
            }))));
        using RawClient client = await RawClient.ConnectAsync(server.EndPoints[^1]);

        await client.SendAsync("Hello");

        Assert.Equal("(reset)", await client.ReadToEndAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_stop_finishes_the_request_that_is_being_handled(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        using RawClient idle = await RawClient.ConnectAsync(server.EndPoint);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.Begun.Task.WaitAsync(Patience);

        Task stop = server.StopAsync();
        Assert.Equal("", (await idle.ReadToEndAsync()).Replace("(reset)", "", StringComparison.Ordinal));
        _ = server.Go.TrySetResult();

        Assert.Contains("Done", await client.ReadToEndAsync(), StringComparison.Ordinal);
        await stop.WaitAsync(Patience);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Handler_that_does_not_read_blocks_its_client(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);
        using RawClient client = await RawClient.ConnectAsync(server.EndPoint);
        client.Socket.Blocking = false;
        client.Socket.SendBufferSize = 64 << 10;
        byte[] chunk = Payload.Create(64 << 10);
        // The length of the body is below Kestrel's limit.
        const int Length = 24 << 20;
        // The maximum number of bytes that can be buffered. Kestrel holds up to 1 MiB, the queue 256 buffers of 4 KiB, and the sockets the
        // rest. The kernel enlarges the receive buffer of a socket as bytes are read.
        const int Most = 12 << 20;
        // A poll between two reads of the server sees no progress, so one such poll is not enough.
        const int QuietPolls = 50;
        await client.SendAsync($"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {Length}\r\n\r\n");
        await server.Begun.Task.WaitAsync(Patience);

        // The client sends until the sockets of both sides, the queue and Kestrel are full.
        long sent = 0;
        int quiet = 0;
        await Deadline.UntilAsync(
            () =>
            {
                long last = sent;
                while (sent < Length && client.Socket.Send(chunk.AsSpan(0, (int)long.Min(chunk.Length, Length - sent)), SocketFlags.None, out SocketError error) is > 0 and var count && error == SocketError.Success)
                {
                    sent += count;
                }

                quiet = sent == last ? quiet + 1 : 0;
                return quiet >= QuietPolls || sent == Length;
            },
            "the client cannot send any more");

        Assert.InRange(sent, 1, Most);
        _ = server.Go.TrySetResult();
        client.Socket.Blocking = true;
        while (sent < Length)
        {
            sent += client.Socket.Send(chunk.AsSpan(0, (int)long.Min(chunk.Length, Length - sent)));
        }

        Assert.Equal("whole", await server.UploadEnded.Task.WaitAsync(Patience));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Address_in_use_is_reported_as_in_use(string transport)
    {
        await using WebServer server = await WebServer.StartAsync(transport);

        IOException exception = await Assert.ThrowsAsync<IOException>(() => WebServer.StartAsync(
            transport, configure: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(server.EndPoint))));

        Assert.IsType<AddressInUseException>(exception.InnerException);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Other_end_points_stay_with_the_socket_transport(string transport)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using WebServer server = await WebServer.StartAsync(transport, configure: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path)));
        using HttpClient client = new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        Assert.Equal("Hello", await client.GetStringAsync("http://localhost/hello"));
    }

    [GeneratedRegex(@"HTTP/1\.1 \d{3}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Status();
}
