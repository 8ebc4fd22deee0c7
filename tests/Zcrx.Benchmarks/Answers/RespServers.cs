using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Recipes;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Answers;

/// <summary>The same RESP server over three transports. Requests are parsed and answered by the same code.</summary>
internal static class RespServers
{
    public static IReadOnlyList<string> Kinds { get; } = ["pipelines", "zcrx", "zcrx-ring"];

    public static async Task<IPEndPoint> StartAsync(string kind)
    {
        RespServer server = new();
        if (kind == "pipelines")
        {
            LoopbackListener listener = new();
            return new IPEndPoint(IPAddress.Loopback, listener.Start(socket => ServeAsync(server, socket)));
        }

        ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions());
        return queue.Listen(LoopbackListener.AnyPort, async (connection, token) =>
        {
            using ZcrxDuplexPipe pipe = connection.ToDuplexPipe(continueOnRingThread: kind == "zcrx-ring");
            await server.ServeAsync(pipe, token);
        }).EndPoint;
    }

    /// <summary>Serves over pipes that read and write the stream of the socket: the fewest layers of all.</summary>
    private static async Task ServeAsync(RespServer server, Socket socket)
    {
        socket.NoDelay = true;
        await using NetworkStream stream = new(socket, ownsSocket: true);
        await server.ServeAsync(new StreamPipe(PipeReader.Create(stream), PipeWriter.Create(stream)), CancellationToken.None);
    }

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
