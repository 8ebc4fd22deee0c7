using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Disposes sockets and listeners while their connections are paused. Other sockets then get their descriptor numbers.</summary>
/// <remarks>Every stream must still receive its own bytes, and every listener its own connections.</remarks>
internal sealed class DescriptorReuseScenario : IStressScenario
{
    private const int Sockets = 8;
    private const int Bytes = 20_000;

    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);
    private int _streams;

    public string Name => "descriptor-reuse";

    public long Run(StressRun run) => RunAsync(run).GetAwaiter().GetResult();

    private async Task<long> RunAsync(StressRun run)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        return await run.RepeatAsync(async random =>
        {
            await ListenAsync(queue);
            List<Task<int>> streams = [];
            using Socket server = ListenSocket.Bind(Anywhere);
            server.Blocking = true;
            for (int i = 0; i < Sockets; i++)
            {
                streams.Add(await AttachAsync(queue, server, random.Next()));
            }

            return (await Task.WhenAll(streams)).Sum();
        });
    }

    /// <summary>
    /// Attaches a socket to the queue and disposes the socket. The inner task completes at the end of the stream, or at once if the socket
    /// was disposed before it was attached.
    /// </summary>
    private async Task<Task<int>> AttachAsync(TestQueue queue, Socket server, int seed)
    {
        Random random = new(seed);
        Socket ours = new(SocketType.Stream, ProtocolType.Tcp);
        await ours.ConnectAsync(server.LocalEndPoint!).Within("the socket is connected");
        Peer peer = new(await server.AcceptAsync().Within("the socket is accepted"), Interlocked.Increment(ref _streams));
        Task<ZcrxConnection> attaching = queue.Queue.AttachAsync(ours);
        bool isEarly = random.Next(4) == 0;
        if (isEarly)
        {
            ours.Dispose();
        }

        ZcrxConnection connection;
        try
        {
            connection = await attaching.Within("the socket is attached or refused");
        }
        catch (ObjectDisposedException) when (isEarly)
        {
            peer.Dispose();
            return Task.FromResult(1);
        }

        connection.Pause();
        ours.Dispose();
        return TransferAsync(peer, connection, random, mayBeReset: isEarly);
    }

    /// <param name="mayBeReset">True if the connection may be reset. .NET resets a connection if its socket is disposed while
    /// AttachAsync still uses the handle.</param>
    private static async Task<int> TransferAsync(Peer peer, ZcrxConnection connection, Random random, bool mayBeReset)
    {
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            for (int i = random.Next(4); i > 0; i--)
            {
                connection.Resume();
                await peer.SendAsync(100);
                connection.Pause();
                // Opens and closes a socket. It may get the descriptor number of a socket that was disposed after its attachment.
                using Socket passing = new(SocketType.Stream, ProtocolType.Tcp);
            }

            long rest = Bytes - peer.Sent;
            Task sending = peer.SendAllAsync(rest);
            connection.Resume();
            await sending;
            await Deadline.UntilAsync(() => recorder.HasEnded, "the stream ends");
            recorder.AssertIntact();
            if (!mayBeReset || recorder.Error is not ZcrxStreamException { ErrorNumber: Errno.ECONNRESET })
            {
                await recorder.AssertCompletedAsync(Bytes);
            }
        }

        return 1;
    }

    private static async Task ListenAsync(TestQueue queue)
    {
        List<(IPEndPoint EndPoint, BlockingCollection<ZcrxConnection> Accepted, IDisposable Subscription)> listeners = [];
        for (int i = 0; i < 3; i++)
        {
            Socket listener = ListenSocket.Bind(Anywhere);
            BlockingCollection<ZcrxConnection> accepted = [];
            IPEndPoint endPoint = (IPEndPoint)listener.LocalEndPoint!;
            listeners.Add((endPoint, accepted, queue.Queue.Listen(listener).Subscribe(accepted.Add)));
            listener.Dispose();
        }

        foreach ((IPEndPoint endPoint, BlockingCollection<ZcrxConnection> accepted, IDisposable subscription) in listeners)
        {
            using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(endPoint).Within("the client is connected");
            ZcrxConnection? connection = null;
            await Deadline.UntilAsync(() => accepted.TryTake(out connection), "the listener accepts the connection");
            Assert.Equal(endPoint.Port, ((IPEndPoint)connection!.LocalEndPoint!).Port);
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
            subscription.Dispose();
            accepted.Dispose();
        }
    }
}
