using System.Net;
using System.Net.Sockets;
using Zcrx.Benchmarks.Messages;

namespace Zcrx.Benchmarks.Tests;

/// <summary>Tests how the benchmark's client for small messages reports faults of a server.</summary>
public class MessageClientTests
{
    private static readonly MessageOptions Options = new() { WarmUp = TimeSpan.Zero, WarmUpMessages = 0, Duration = TimeSpan.FromMilliseconds(400) };

    [SkippableFact]
    public async Task Latency_of_an_open_loop_counts_from_the_due_time_when_the_server_pauses()
    {
        const int Paused = 300;
        Skip.IfNot(File.Exists(Limit.PathOf("messages_client")), "The build found no C compiler.");
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        using TcpListener listener = Listen(out int port);
        // The client sends one request per millisecond. The server replies only when it has read 300 requests, so the second request waits
        // for at least 298 ms.
        Task serving = ServeAsync(listener, Paused, isWrong: false, limit.Token);
        using (MessageClient client = await MessageClient.ConnectAsync(port, Environment.ProcessId, new MessageScenario(1, 1, 1_000), Options, limit.Token))
        {
            MessageSample sample = await client.MeasureAsync(limit.Token);

            Assert.True(sample.Longest >= 298_000, $"The longest latency is {sample.Longest} us.");
            // Three quarters of the requests are due during the pause and wait for its end. If the client waited for replies before it
            // sent, only one latency would be long.
            Assert.True(sample.Median >= 90_000, $"The median is {sample.Median} us.");
        }

        await serving;
    }

    [SkippableFact]
    public async Task Wrong_reply_ends_the_client_with_an_error()
    {
        Skip.IfNot(File.Exists(Limit.PathOf("messages_client")), "The build found no C compiler.");
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        using TcpListener listener = Listen(out int port);
        Task serving = ServeAsync(listener, paused: 1, isWrong: true, limit.Token);
        using (MessageClient client = await MessageClient.ConnectAsync(port, Environment.ProcessId, MessageScenario.ClosedLoop(1), Options, limit.Token))
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => client.MeasureAsync(limit.Token));
        }

        await serving;
    }

    private static TcpListener Listen(out int port)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    /// <summary>Serves one connection until it ends.</summary>
    /// <param name="listener">Accepts the connection of the client.</param>
    /// <param name="paused">The number of requests that the server reads before it answers one of them. The first request, which the client
    /// sends when it connects, is answered at once.</param>
    /// <param name="isWrong">True if all replies after the first one are wrong.</param>
    /// <param name="cancellation">Ends the server.</param>
    private static async Task ServeAsync(TcpListener listener, int paused, bool isWrong, CancellationToken cancellation)
    {
        using Socket socket = await listener.AcceptSocketAsync(cancellation);
        await using NetworkStream stream = new(socket);
        byte[] request = new byte[Exchange.RequestLength];
        List<byte> collected = [];
        for (int i = 0; await ReadAsync(stream, request, cancellation); i++)
        {
            request[0] += isWrong && i > 0 ? (byte)1 : (byte)0;
            collected.AddRange(request[..Exchange.ReplyLength]);
            if (i == 0 || i >= paused)
            {
                await stream.WriteAsync(collected.ToArray(), cancellation);
                collected.Clear();
            }
        }
    }

    private static async Task<bool> ReadAsync(NetworkStream stream, byte[] request, CancellationToken cancellation)
    {
        try
        {
            return await stream.ReadAtLeastAsync(request, request.Length, throwOnEndOfStream: false, cancellation) == request.Length;
        }
        catch (IOException)
        {
            // The test has killed the client.
            return false;
        }
    }
}
