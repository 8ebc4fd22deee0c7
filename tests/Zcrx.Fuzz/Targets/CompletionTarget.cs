using System.Net.Sockets;
using Zcrx.Fuzz.Support;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Engines;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Tests a queue of the library against a hostile kernel. This kernel produces any completions, ring counters and results of calls.
/// </summary>
/// <remarks>This kernel never reports an accepted connection, because the library has to trust the descriptor number in it.</remarks>
internal sealed class CompletionTarget : IFuzzTarget
{
    private const int Buffers = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    public string Name => "completions";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        // Data in the right order, and then the end of the stream.
        [2, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0, 1, 0, 1, 2, 0, 16, 9, 1, 0, 0, 0],
        // Data in other buffers, then an errno, then a completion of a request that has ended.
        [1, 0, 0, 3, 0, 255, 15, 9, 1, 0, 12, 255, 2, 0, 1, 4, 0, 0, 9],
        // A tail of the completion ring that is far beyond its capacity.
        [1, 4, 0, 0, 0, 0x80, 9],
        // The same tail after the kernel has dropped completions.
        [1, 5, 1, 4, 0, 0, 0, 0x80, 9],
        // A completion with arbitrary fields, then arbitrary values for the tail, the overflow counter and the refill head.
        [1, 3, 1, 0, 0, 0, 0, 0, 0, 1, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 4, 3, 0, 0, 0, 9, 5, 1, 9, 7, 1, 0, 0, 0, 9],
    ];

    // Each input creates an area, rings and a thread.
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
                // This kernel does not use the socket, so it need not be connected.
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
            // The queue has failed, which the documentation allows here.
        }

        await queue.DisposeAsync().ConfigureAwait(false);
        try
        {
            await queue.Completion.ConfigureAwait(false);
        }
        catch (ZcrxException)
        {
            // The queue has detected the fault of the kernel, which the documentation allows here.
        }

        FuzzException.Require(observers.TrueForAll(static observer => observer.Ends == 1), "each stream ends once");
        FuzzException.Require(observers.TrueForAll(static observer => observer.Error is null or ZcrxException or ZcrxStreamException), "an error of a stream is one that is documented");
    }

    /// <summary>Represents an observer that reads every byte. If a byte is outside the area, the read ends the process.</summary>
    private sealed class ByteCounter : IObserver<ReceivedBuffer>
    {
        private int _ends;

        public int Ends => Volatile.Read(ref _ends);

        public Exception? Error { get; private set; }

        /// <summary>Gets the sum of all bytes. Without it, the compiler could remove the reads.</summary>
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
