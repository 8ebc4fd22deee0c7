using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Represents a queue over a <see cref="BatchKernel"/>, whose connections receive the buffers that a test posts.</summary>
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

    /// <summary>Gets the offsets of all posted buffers, in order. Each buffer must return once for each time that it was posted.</summary>
    public IReadOnlyList<ulong> Posted => _posted;

    public static async Task<BatchBench> OpenAsync()
    {
        BatchKernel kernel = new();
        ZcrxQueueOptions options = TestQueue.Options(Buffers) with { SubmissionEntries = 64, CompletionEntries = 256 };
        return new BatchBench(await ZcrxQueue.OpenAsync(options, new EngineChoice(ZcrxEngine.Emulated, "a test"), kernel, default).Within("the queue opens"), kernel);
    }

    /// <summary>
    /// Opens an observed connection and issues its receive. The connection receives the stream whose number is the
    /// count of earlier connections.
    /// </summary>
    public async Task<(ZcrxConnection Connection, IDisposable Subscription)> ObserveAsync(IObserver<Interop.ReceivedBuffer> observer)
    {
        int number = _positions.Count;
        // The socket is never connected, because this kernel does not use it.
        ZcrxConnection connection = await Queue.AttachAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        IDisposable subscription = connection.Buffers.Subscribe(observer);
        await Deadline.UntilAsync(() => Kernel.Requests.Count == number + 1, "the receive is issued");
        _positions.Add(0);
        return (connection, subscription);
    }

    /// <summary>Posts one buffer for each given connection number, in one turn. The task ends when the buffers are delivered.</summary>
    public Task PostAsync(params IEnumerable<int> connections) => Kernel.PostAsync(connections.Select(Fill).ToList());

    /// <summary>Waits until every posted buffer has returned.</summary>
    public Task AllReturnedAsync() => Deadline.UntilAsync(() => Kernel.Returned.Count >= _posted.Count, $"{_posted.Count} pieces return");

    public async ValueTask DisposeAsync() => await Queue.DisposeAsync().AsTask().Within("the queue closes");

    public unsafe (ulong Request, ulong Offset, int Length) Fill(int connection)
    {
        // Posts wrap around the area, so buffers must return before a test posts more buffers than the area has.
        ulong offset = _next++ % (ulong)_pieces * BatchKernel.PieceLength;
        int length = BatchKernel.PieceLength - connection;
        Payload.At(connection, _positions[connection], length).CopyTo(new Span<byte>(Kernel.Area + offset, length));
        _positions[connection] += length;
        _posted.Add(offset);
        return (Kernel.Requests[connection], offset, length);
    }
}
