using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Tests;

/// <summary>
/// Tests a takeover between two web servers. The port passes to the second one. Connections stay with the first one until they end.
/// </summary>
public sealed class TakeoverTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-takeover-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Connections_stay_with_the_first_server_and_new_clients_reach_the_second_one()
    {
        await using WebServer first = await StartAsync("first");
        CancellationToken stopping = first.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using RawClient kept = await RawClient.ConnectAsync(first.EndPoint);
        Assert.Contains("<first>", await WhoAsync(kept), StringComparison.Ordinal);
        using RawClient waiting = await RawClient.ConnectAsync(first.EndPoint);
        await waiting.SendAsync("GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        await first.Begun.Task.WaitAsync(Patience);
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri(first.Address.Replace("http", "ws", StringComparison.Ordinal) + "/ws"), CancellationToken.None);

        await using WebServer second = await StartAsync("second");

        Assert.Equal(first.EndPoint, second.EndPoint);
        using RawClient fresh = await RawClient.ConnectAsync(first.EndPoint);
        Assert.Contains("<second>", await WhoAsync(fresh), StringComparison.Ordinal);
        Assert.Contains("<first>", await WhoAsync(kept), StringComparison.Ordinal);
        await AssertEchoesAsync(socket);
        _ = first.Go.TrySetResult();
        Assert.Contains("Done", await waiting.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.False(stopping.IsCancellationRequested);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        kept.Dispose();
        await Deadline.UntilAsync(() => stopping.IsCancellationRequested, "the first server stops after its last connection");
        Assert.Empty(first.Logged);
    }

    [Fact]
    public async Task No_request_fails_during_a_takeover()
    {
        await using WebServer first = await StartAsync("first");
        using CancellationTokenSource end = new();
        List<string> replies = [];
        Task requesting = Task.Run(async () =>
        {
            // Each request uses a new connection.
            while (!end.IsCancellationRequested)
            {
                using RawClient client = await RawClient.ConnectAsync(first.EndPoint);
                await client.SendAsync("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                string reply = await client.ReadToEndAsync();
                lock (replies)
                {
                    replies.Add(reply);
                }
            }
        });
        await UntilAnsweredByAsync("first");

        await using WebServer second = await StartAsync("second");

        await UntilAnsweredByAsync("second");
        await end.CancelAsync();
        await requesting.WaitAsync(Patience);
        string[] servers = [.. replies.Select(static reply => reply.Contains("<first>", StringComparison.Ordinal) ? "first" : reply.Contains("<second>", StringComparison.Ordinal) ? "second" : reply)];
        Assert.Equal(["first", "second"], servers.Distinct());
        // After the first reply of the second server, the first server must not reply again.
        Assert.Equal(servers.Order(StringComparer.Ordinal), servers);

        Task UntilAnsweredByAsync(string server) => Deadline.UntilAsync(
            () =>
            {
                lock (replies)
                {
                    return requesting.IsCompleted || replies.Count(reply => reply.Contains($"<{server}>", StringComparison.Ordinal)) > 5;
                }
            },
            $"requests are answered by the {server} server");
    }

    private Task<WebServer> StartAsync(string name) => WebServer.StartAsync(
        WebServer.OnZcrx,
        configure: builder => builder.Services.AddZcrx(zcrx => zcrx.Takeover(Path.Combine(_directory.FullName, "place"), TimeSpan.FromHours(1))),
        map: app => app.MapGet("/who", () => $"<{name}>"));

    private static async Task<string> WhoAsync(RawClient client)
    {
        await client.SendAsync("GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
        return await client.ReadUntilAsync(">");
    }

    private static async Task AssertEchoesAsync(ClientWebSocket socket)
    {
        byte[] message = Payload.Create(1000);
        byte[] echo = new byte[message.Length];
        await socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None);
        using CancellationTokenSource deadline = new(Patience);
        for (int received = 0; received < echo.Length;)
        {
            received += (await socket.ReceiveAsync(echo.AsMemory(received), deadline.Token)).Count;
        }

        Assert.Equal(message, echo);
    }
}
