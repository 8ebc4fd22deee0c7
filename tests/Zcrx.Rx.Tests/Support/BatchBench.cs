using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Runs a queue over a <see cref="BatchKernel"/>. A test posts buffers, which the connections of the queue receive.</summary>
internal sealed class BatchBench : IAsyncDisposable
{
    private const int Buffers = 16;

    private readonly int _pieces = Buffers * Environment.SystemPageSize / BatchKernel.PieceLength;
    private readonly List<long> _positions = [];
    private readonly List<ulong> _posted = [];
    private ulong _next;

    private BatchBench(ZcrxQueue queue, BatchKernel kernel)
    {
        Queue = queue;
        Kernel = kernel;
    }

    public ZcrxQueue Queue { get; }

    public BatchKernel Kernel { get; }

    /// <summary>Gets the offsets of all posted buffers, in order. A buffer that was posted twice must also return twice.</summary>
    public IReadOnlyList<ulong> Posted => _posted;

    public static async Task<BatchBench> OpenAsync()
    {
        BatchKernel kernel = new();
        ZcrxQueueOptions options = TestQueue.Options(Buffers) with { SubmissionEntries = 64, CompletionEntries = 256 };
        return new BatchBench(await ZcrxQueue.OpenAsync(options, new EngineChoice(ZcrxEngine.Emulated, "a test"), kernel, default).Within("the queue opens"), kernel);
    }

    /// <summary>
    /// Opens a connection with an observer, and waits until its receive is issued. Connections are numbered from 0, and each one receives
    /// the test stream with its number.
    /// </summary>
    public async Task<(ZcrxConnection Connection, IDisposable Subscription)> ObserveAsync(IObserver<Interop.ReceivedBuffer> observer)
    {
        int number = _positions.Count;
        // The kernel of this bench does not use the socket, so it need not be connected.
        ZcrxConnection connection = await Queue.AttachAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        IDisposable subscription = connection.Buffers.Subscribe(observer);
        await Deadline.UntilAsync(() => Kernel.Requests.Count == number + 1, "the receive is issued");
        _positions.Add(0);
        return (connection, subscription);
    }

    /// <summary>
    /// Posts one buffer for each connection in the list, all in one turn. The task completes when the buffers are delivered.
    /// </summary>
    public Task PostAsync(params IEnumerable<int> connections) => Kernel.PostAsync(connections.Select(Fill).ToList());

    /// <summary>Waits until every posted buffer has returned to the kernel.</summary>
    public Task AllReturnedAsync() => Deadline.UntilAsync(() => Kernel.Returned.Count >= _posted.Count, $"{_posted.Count} pieces return");

    public async ValueTask DisposeAsync() => await Queue.DisposeAsync().AsTask().Within("the queue closes");

    public unsafe (ulong Request, ulong Offset, int Length) Fill(int connection)
    {
        // The offsets start again at the end of the area. Buffers must therefore return before a test posts more than the area holds.
        ulong offset = _next++ % (ulong)_pieces * BatchKernel.PieceLength;
        int length = BatchKernel.PieceLength - connection;
        Payload.At(connection, _positions[connection], length).CopyTo(new Span<byte>(Kernel.Area + offset, length));
        _positions[connection] += length;
        _posted.Add(offset);
        return (Kernel.Requests[connection], offset, length);
    }
}
