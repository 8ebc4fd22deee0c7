using System.Net.Sockets;
using Zcrx.Fuzz.Support;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Engines;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Tests a queue of the library against a hostile kernel, which produces any completions, ring counters and results of calls.
/// </summary>
/// <remarks>
/// The hostile kernel never reports accepted connections, because the library trusts the descriptor numbers of accepted sockets.
/// </remarks>
internal sealed class CompletionTarget : IFuzzTarget
{
    private const int Buffers = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    public string Name => "completions";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        // Data in order, then the end of the stream.
        [2, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0, 1, 0, 1, 2, 0, 16, 9, 1, 0, 0, 0],
        // Data in other buffers, an errno, a stale completion.
        [1, 0, 0, 3, 0, 255, 15, 9, 1, 0, 12, 255, 2, 0, 1, 4, 0, 0, 9],
        // A tail far beyond the ring.
        [1, 4, 0, 0, 0, 0x80, 9],
        // A tail far beyond the ring, after the kernel has dropped completions.
        [1, 5, 1, 4, 0, 0, 0, 0x80, 9],
        // A completion whose fields come from the input, and ring counters.
        [1, 3, 1, 0, 0, 0, 0, 0, 0, 1, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 4, 3, 0, 0, 0, 9, 5, 1, 9, 7, 1, 0, 0, 0, 9],
    ];

    // Each input needs an area, rings and a thread.
    public long AllocationLimit => 16 << 20;

    public void Run(byte[] input)
    {
        if (!RunAsync(input).Wait(Patience))
        {
            throw new FuzzException($"The queue did not close within {Patience.TotalSeconds:0} s.");
        }
    }

    private static async Task RunAsync(byte[] input)
    {
        FuzzInput reader = new(input);
        int connections = 1 + reader.Below(3);
        HostileKernel kernel = new(reader);
        ZcrxQueueOptions options = new()
        {
            Name = "fuzz", Engine = ZcrxEngine.Emulated, AreaSize = (long)Buffers * Environment.SystemPageSize, SubmissionEntries = 16, CompletionEntries = 32, CheckBorrows = false,
        };
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(options, new EngineChoice(ZcrxEngine.Emulated, "fuzzing"), kernel, default).ConfigureAwait(false);
        List<ByteCounter> observers = [];
        try
        {
            for (int i = 0; i < connections; i++)
            {
                // The socket is not connected, since this kernel does not use it.
                ZcrxConnection connection = await queue.AttachAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ConfigureAwait(false);
                ByteCounter observer = new();
                observers.Add(observer);
                connection.Buffers.Subscribe(observer);
            }

            kernel.Begin();
            await kernel.Finished.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZcrxException or ObjectDisposedException)
        {
            // Documented: the queue has failed.
        }

        await queue.DisposeAsync().ConfigureAwait(false);
        try
        {
            await queue.Completion.ConfigureAwait(false);
        }
        catch (ZcrxException)
        {
            // Documented: the queue detects the kernel's fault.
        }

        FuzzException.Require(observers.TrueForAll(static observer => observer.Ends == 1), "each stream ends once");
        FuzzException.Require(observers.TrueForAll(static observer => observer.Error is null or ZcrxException or ZcrxStreamException), "an error of a stream is one that is documented");
    }

    /// <summary>Reads all bytes, so that bytes outside the area end the process.</summary>
    private sealed class ByteCounter : IObserver<ReceivedBuffer>
    {
        private int _ends;

        public int Ends => Volatile.Read(ref _ends);

        public Exception? Error { get; private set; }

        /// <summary>Gets the sum of all bytes, so that the reads are not optimized away.</summary>
        public long Sum { get; private set; }

        public void OnNext(ReceivedBuffer value)
        {
            foreach (byte one in value.Span)
            {
                Sum += one;
            }
        }

        public void OnError(Exception error)
        {
            Error = error;
            Interlocked.Increment(ref _ends);
        }

        public void OnCompleted() => Interlocked.Increment(ref _ends);
    }
}
