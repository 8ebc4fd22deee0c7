using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Engines;

namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Measures the path of one buffer through the product: completion, OnNext, return and refill entry. Compares it with a bare loop over the
/// same memory.
/// </summary>
/// <remarks>The receive loop of the product runs unmodified on its own thread. Only the kernel is replaced.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "BenchmarkDotNet calls Close, which disposes them.")]
public class LoopBenchmark
{
    private const int Connections = 8;
    private const int Batches = 4096;
    private const int BuffersPerCall = Batches * ReplayKernel.BatchLength;

    private readonly ReplayKernel _kernel = new();
    private readonly List<CountingObserver> _observers = [];
    private ZcrxQueue _queue = null!;
    private IoRing _ring = null!;
    private InterfaceQueue _rawQueue = null!;
    private readonly CountingSink _sink = new();
    private BareRings _bare = null!;

    /// <summary>
    /// Gets the run lengths. With the first, all completions of a turn belong to one connection. With 1, consecutive completions belong to
    /// different connections.
    /// </summary>
    public static IReadOnlyList<int> RunLengths { get; } = [ReplayKernel.BatchLength, 1];

    /// <summary>Gets or sets the number of consecutive completions that belong to one connection.</summary>
    [ParamsSource(nameof(RunLengths))]
    public int RunLength { get; set; }

    [GlobalSetup(Target = nameof(Bare))]
    public void OpenBare()
    {
        _ring = IoRing.Create(_kernel, new IoRingOptions());
        _rawQueue = InterfaceQueue.Register(_ring, new InterfaceQueueOptions(), ZcrxCapabilities.Query(_kernel));
        _kernel.Prepare(RunLength, [0]);
        _bare = _kernel.Rings(_sink);
    }

    [GlobalCleanup(Target = nameof(Bare))]
    public void CloseBare()
    {
        _ring.Dispose();
        _rawQueue.Dispose();
        _kernel.Dispose();
    }

    [GlobalSetup(Target = nameof(Streams))]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    [GlobalCleanup(Target = nameof(Streams))]
    public void Close()
    {
        _queue.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _kernel.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = BuffersPerCall)]
    public void Bare()
    {
        for (int i = 0; i < Batches; i++)
        {
            _kernel.PostBatch();
            _bare.Turn();
            _kernel.ConsumeRefill();
        }

        _kernel.Check(_sink.Bytes);
    }

    [Benchmark(OperationsPerInvoke = BuffersPerCall)]
    public void Streams()
    {
        _kernel.Replay(Batches);
        _kernel.Check(_observers.Sum(static observer => observer.Bytes));
    }

    private async Task OpenAsync()
    {
        ZcrxQueueOptions options = new() { Engine = ZcrxEngine.Emulated };
        _queue = await ZcrxQueue.OpenAsync(options, new EngineChoice(ZcrxEngine.Emulated, "benchmark"), _kernel, CancellationToken.None);
        for (int i = 0; i < Connections; i++)
        {
            // The sockets are never connected, because the kernel of this benchmark does not use them.
            ZcrxConnection connection = await _queue.AttachAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            CountingObserver observer = new();
            _observers.Add(observer);
            _ = connection.Buffers.Subscribe(observer);
        }

        while (_kernel.Receives < Connections)
        {
            await Task.Yield();
        }

        _kernel.Prepare(RunLength);
    }
}
