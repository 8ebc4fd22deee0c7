using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Recipes;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Answers;

/// <summary>Contains the same RESP server over three transports. All of them use the same code to parse and answer requests.</summary>
internal static class RespServers
{
    public static IReadOnlyList<string> Kinds { get; } = ["pipelines", "zcrx", "zcrx-ring", "io_uring", "io_uring-ring"];

    public static async Task<IPEndPoint> StartAsync(string kind)
    {
        RespServer server = new();
        if (kind == "pipelines")
        {
            LoopbackListener listener = new();
            return new IPEndPoint(IPAddress.Loopback, listener.Start(socket => ServeAsync(server, socket)));
        }

        ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = kind.StartsWith("io_uring", StringComparison.Ordinal) ? ZcrxEngine.IoUring : ZcrxEngine.Emulated });
        return queue.Listen(LoopbackListener.AnyPort, async (connection, token) =>
        {
            using ZcrxDuplexPipe pipe = connection.ToDuplexPipe(continueOnRingThread: kind.EndsWith("-ring", StringComparison.Ordinal));
            await server.ServeAsync(pipe, token);
        }).EndPoint;
    }

    /// <summary>Serves one connection with pipes over a NetworkStream. This is the usual variant with the fewest layers.</summary>
    private static async Task ServeAsync(RespServer server, Socket socket)
    {
        socket.NoDelay = true;
        await using NetworkStream stream = new(socket, ownsSocket: true);
        await server.ServeAsync(new StreamPipe(PipeReader.Create(stream), PipeWriter.Create(stream)), CancellationToken.None);
    }

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
