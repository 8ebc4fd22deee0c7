using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Answers;

/// <summary>
/// Contains the same proxy over Zcrx and over sockets. Over sockets, it has pipes of large segments, pipes with default options, or one
/// buffer.
/// </summary>
internal static class ProxyServers
{
    private const int SegmentLength = 64 * 1024;
    private const int PauseThreshold = 1024 * 1024;
    // The size hint in the examples of the documentation of System.IO.Pipelines.
    private const int DocumentedLength = 512;
    private const string LargeSegments = "pipelines";
    private const string DefaultPipe = "pipelines-default";
    private const string Copy = "copy";
    private const string Zcrx = "zcrx";
    private const string Cores = "-cores";
    // A number of buffers follows, as in "zcrx-turn-128".
    private const string Turn = "-turn-";

    private static readonly PipeOptions Large = new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        minimumSegmentSize: SegmentLength,
        pauseWriterThreshold: PauseThreshold,
        resumeWriterThreshold: PauseThreshold / 2,
        useSynchronizationContext: false);

    public static IReadOnlyList<string> Kinds { get; } = [LargeSegments, DefaultPipe, Zcrx, Zcrx + Cores];

    /// <param name="kind">The kind of proxy, one of <see cref="Kinds"/>. After a kind of Zcrx, "-turn-N" limits a turn to N buffers.</param>
    /// <param name="target">The server to which the proxy forwards.</param>
    public static async Task<IPEndPoint> StartAsync(string kind, IPEndPoint target)
    {
        LoopbackListener listener = new();
        if (!kind.StartsWith(Zcrx, StringComparison.Ordinal))
        {
            return new IPEndPoint(IPAddress.Loopback, listener.Start(socket => ServeAsync(socket, target, Forwarder(kind))));
        }

        ZcrxQueueOptions options = new() { Engine = ZcrxEngine.Emulated };
        if (kind.IndexOf(Turn, StringComparison.Ordinal) is >= 0 and var turn)
        {
            options = options with { Emulation = options.Emulation with { BuffersPerTurn = int.Parse(kind.AsSpan(turn + Turn.Length), provider: CultureInfo.InvariantCulture) } };
        }

        if (!kind.Contains(Cores, StringComparison.Ordinal))
        {
            ZcrxQueue queue = await ZcrxQueue.OpenAsync(options);
            return queue.Listen(LoopbackListener.AnyPort, (client, token) => RelayAsync(queue, client, target, token)).EndPoint;
        }

        ZcrxQueue[] queues = await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(i => ZcrxQueue.OpenAsync(options with { Name = $"zcrx-{i}" })));
        int accepted = 0;
        return new IPEndPoint(IPAddress.Loopback, listener.Start(async socket =>
        {
            // Connections go to the queues in turn, as in a service with several queues.
            ZcrxQueue one = queues[Interlocked.Increment(ref accepted) % queues.Length];
            ZcrxConnection connection = await one.AttachAsync(socket);
            await connection.HandleAsync((client, token) => RelayAsync(one, client, target, token));
        }));
    }

    private static Func<Socket, Socket, Task> Forwarder(string kind) => kind switch
    {
        LargeSegments => static (from, to) => PipeAsync(from, to, new Pipe(Large), SegmentLength / 2),
        DefaultPipe => static (from, to) => PipeAsync(from, to, new Pipe(), DocumentedLength),
        Copy => CopyAsync,
        _ => throw new ArgumentException($"There is no proxy '{kind}'.", nameof(kind)),
    };

    private static async Task RelayAsync(ZcrxQueue queue, ZcrxConnection client, IPEndPoint target, CancellationToken token)
    {
        using ZcrxConnection server = await queue.ConnectAsync(target, token);
        await client.RelayAsync(server, token);
    }

    private static async Task ServeAsync(Socket client, IPEndPoint target, Func<Socket, Socket, Task> forward)
    {
        using Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await server.ConnectAsync(target);
        await Task.WhenAll(forward(client, server), forward(server, client));
        client.Dispose();
    }

    /// <summary>Forwards in one direction with two loops and a pipe between them. One loop receives, and the other sends.</summary>
    private static async Task PipeAsync(Socket from, Socket to, Pipe pipe, int sizeHint)
    {
        Task sending = SendAsync(pipe.Reader, to);
        int received;
        do
        {
            received = await from.ReceiveAsync(pipe.Writer.GetMemory(sizeHint));
            pipe.Writer.Advance(received);
            await pipe.Writer.FlushAsync();
        }
        while (received > 0);
        await pipe.Writer.CompleteAsync();
        await sending;
    }

    private static async Task SendAsync(PipeReader reader, Socket to)
    {
        ReadResult read;
        do
        {
            read = await reader.ReadAsync();
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                for (ReadOnlyMemory<byte> rest = piece; rest.Length > 0;)
                {
                    rest = rest[await to.SendAsync(rest)..];
                }
            }

            reader.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Forwards in one direction with one buffer, which is received into and sent in turn.</summary>
    private static async Task CopyAsync(Socket from, Socket to)
    {
        await using NetworkStream source = new(from);
        await using NetworkStream target = new(to);
        await source.CopyToAsync(target, SegmentLength);
        to.Shutdown(SocketShutdown.Send);
    }
}
