using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Exports;
using Zcrx.Conformance.Nic;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Child;

/// <summary>Runs one side of a takeover. The process leases the first buffers that it receives until it is killed.</summary>
internal static class TakeoverChild
{
    public const int MostKept = 10;

    private static readonly ConcurrentQueue<BufferLease> Kept = new();
    private static long _received;

    /// <summary>Gets the options of a queue without a NIC.</summary>
    public static ZcrxQueueOptions Options => TakeoverBench.Options(1) with { Engine = ZcrxEngine.DeviceLess, SharedMemory = true };

    /// <summary>Opens a listener and a queue without a NIC, and gives both to the next process that requests a takeover.</summary>
    public static void Serve(string path) => RunAsync(path, Options, IPAddress.Loopback, isSuccessor: false).GetAwaiter().GetResult();

    /// <summary>Opens a listener and a queue on the NIC, and gives both to the next process that requests a takeover.</summary>
    public static void ServeOnNic(string path)
    {
        NicUnderTest nic = NicUnderTest.Open(KernelUnderTest.Linux);
        RunAsync(path, OptionsOf(nic), nic.Address, isSuccessor: false).GetAwaiter().GetResult();
    }

    /// <summary>Takes over the listener and the queue.</summary>
    public static void TakeOver(string path) => RunAsync(path, Options, IPAddress.Loopback, isSuccessor: true).GetAwaiter().GetResult();

    /// <summary>Returns the options of a queue on a NIC. The area has more buffers than the NIC takes in advance.</summary>
    public static ZcrxQueueOptions OptionsOf(NicUnderTest nic) => new()
    {
        Name = "nic",
        Engine = ZcrxEngine.Nic,
        Interface = nic.Interface,
        RxQueue = (int)nic.Queue,
        AreaSize = 2048L * Environment.SystemPageSize,
        SharedMemory = true,
        BusyTimeout = TimeSpan.FromSeconds(30),
    };

    private static async Task RunAsync(string path, ZcrxQueueOptions options, IPAddress address, bool isSuccessor)
    {
        IPEndPoint endPoint = new(address, 0);
        await using ZcrxTakeover takeover = await ZcrxTakeover.OpenAsync(new ZcrxTakeoverOptions { Path = path });
        using Socket listener = takeover.TakeListener("test", endPoint) ?? ListenSocket.Bind(endPoint);
        using IncomingQueue? inherited = takeover.TakeQueue(options);
        Assert.Equal(isSuccessor, inherited is not null);
        await using ZcrxQueue queue = inherited is null ? await ZcrxQueue.OpenAsync(options) : await ZcrxQueue.ImportAsync(inherited, options);
        await takeover.CommitAsync();
        TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection => connection.Buffers.Subscribe(Keep), () => accepted.TrySetResult());
        takeover.Serve(new TakeoverSource(listener, queue)
        {
            Release = () =>
            {
                accepting.Dispose();
                return accepted.Task;
            },
        });
        ChildProgram.Tell($"LISTENING {((IPEndPoint)listener.LocalEndPoint!).Port}");
        // The pipe closes when the parent exits, so this process cannot outlive its parent.
        await Console.In.ReadToEndAsync();
    }

    private static void Keep(ReceivedBuffer buffer)
    {
        // Leases only a few buffers. A connection that leases its whole quota is paused and receives no further buffers.
        if (Kept.Count < MostKept)
        {
            Kept.Enqueue(buffer.Retain());
        }

        ChildProgram.Tell($"RECEIVED {_received += buffer.Length}");
    }
}
