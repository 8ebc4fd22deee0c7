using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Exports;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Child;

/// <summary>One side of a hand-over, which keeps the first buffers that it gets until it is killed.</summary>
internal static class HandOverChild
{
    public const int MostKept = 10;

    private static readonly ConcurrentQueue<BufferLease> Kept = new();
    private static long _received;

    /// <summary>Has a listener and a queue, and hands both over to whoever comes.</summary>
    public static void Serve(string path) => RunAsync(path, isSuccessor: false).GetAwaiter().GetResult();

    /// <summary>Takes both over.</summary>
    public static void TakeOver(string path) => RunAsync(path, isSuccessor: true).GetAwaiter().GetResult();

    private static async Task RunAsync(string path, bool isSuccessor)
    {
        ZcrxQueueOptions options = HandOverBench.Options(1) with { Engine = ZcrxEngine.DeviceLess, SharedMemory = true };
        await using ZcrxTakeover takeover = await ZcrxTakeover.OpenAsync(new ZcrxTakeoverOptions { Path = path });
        using Socket listener = takeover.TakeListener("test", new IPEndPoint(IPAddress.Loopback, 0)) ?? ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using InheritedQueue? inherited = takeover.TakeQueue(options);
        Assert.Equal(isSuccessor, inherited is not null);
        await using ZcrxQueue queue = inherited is null ? await ZcrxQueue.OpenAsync(options) : await ZcrxQueue.ImportAsync(inherited, options);
        await takeover.CommitAsync();
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection => connection.Buffers.Subscribe(Keep));
        takeover.Serve(new HandOverSource(listener, queue));
        ChildProgram.Tell($"LISTENING {((IPEndPoint)listener.LocalEndPoint!).Port}");
        // Ends with the parent at the latest: its end of the pipe is closed then.
        await Console.In.ReadToEndAsync();
    }

    private static void Keep(ReceivedBuffer buffer)
    {
        // Not more: whoever keeps all that it may is given nothing else.
        if (Kept.Count < MostKept)
        {
            Kept.Enqueue(buffer.Retain());
        }

        ChildProgram.Tell($"RECEIVED {_received += buffer.Length}");
    }
}
