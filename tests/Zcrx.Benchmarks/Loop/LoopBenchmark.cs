using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Engines;

namespace Zcrx.Benchmarks.Loop;

/// <summary>One buffer's way through the product: completion, OnNext, return, refill entry; against a bare loop over the same memory.</summary>
/// <remarks>The product's side is its receive loop as it is, on its own thread, with whole turns; only the kernel under it is replaced.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "BenchmarkDotNet calls Close, which disposes them.")]
public class LoopBenchmark
{
    private const int Connections = 8;
    private const int Batches = 512;
    private const int BuffersPerCall = Batches * ReplayKernel.BatchLength;

    private readonly ReplayKernel _kernel = new();
    private readonly ReplayKernel _bareKernel = new();
    private readonly List<CountingObserver> _observers = [];
    private ZcrxQueue _queue = null!;
    private IoRing _bareRing = null!;
    private InterfaceQueue _bareQueue = null!;
    private BareRings _bare = null!;

    [GlobalSetup]
    public void Open()
    {
        OpenAsync().GetAwaiter().GetResult();
        _bareRing = IoRing.Create(_bareKernel, new IoRingOptions());
        _bareQueue = InterfaceQueue.Register(_bareRing, new InterfaceQueueOptions(), ZcrxCapabilities.Query(_bareKernel));
        _bareKernel.Prepare([0]);
        _bare = _bareKernel.Rings;
    }

    [GlobalCleanup]
    public void Close()
    {
        _queue.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _bareRing.Dispose();
        _bareQueue.Dispose();
        _kernel.Dispose();
        _bareKernel.Dispose();
        long received = _observers.Sum(static observer => observer.Bytes);
        if (received % ReplayKernel.BatchLength != 0 || received + _bare.Bytes == 0)
        {
            throw new InvalidOperationException($"The streams got {received} bytes: some of their buffers were lost.");
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = BuffersPerCall)]
    public long Bare()
    {
        for (int i = 0; i < Batches; i++)
        {
            _bareKernel.PostBatch();
            _bare.Turn();
            _bareKernel.ConsumeRefill();
        }

        return _bare.Bytes;
    }

    [Benchmark(OperationsPerInvoke = BuffersPerCall)]
    public void Streams() => _kernel.Replay(Batches);

    private async Task OpenAsync()
    {
        ZcrxQueueOptions options = new() { Engine = ZcrxEngine.Emulated };
        _queue = await ZcrxQueue.OpenAsync(options, new EngineChoice(ZcrxEngine.Emulated, "benchmark"), _kernel, CancellationToken.None);
        for (int i = 0; i < Connections; i++)
        {
            // Never connected: nothing of these sockets is used but that they exist.
            ZcrxConnection connection = await _queue.AttachAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            CountingObserver observer = new();
            _observers.Add(observer);
            _ = connection.Buffers.Subscribe(observer);
        }

        while (_kernel.Receives < Connections)
        {
            await Task.Yield();
        }

        _kernel.Prepare();
    }

    private sealed class CountingObserver : IObserver<ReceivedBuffer>
    {
        public long Bytes { get; private set; }

        public void OnNext(ReceivedBuffer value) => Bytes += value.Span.Length;

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
