using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Support;

/// <summary>A queue over a <see cref="BatchKernel"/>, whose connections get what a test posts.</summary>
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

    /// <summary>Offsets of everything that was posted, in order: what has to come back, once each time.</summary>
    public IReadOnlyList<ulong> Posted => _posted;

    public static async Task<BatchBench> OpenAsync()
    {
        BatchKernel kernel = new();
        ZcrxQueueOptions options = TestQueue.Options(Buffers) with { SubmissionEntries = 64, CompletionEntries = 256 };
        return new BatchBench(await ZcrxQueue.OpenAsync(options, new EngineChoice(ZcrxEngine.Emulated, "a test"), kernel, default).Within("the queue opens"), kernel);
    }

    /// <summary>Opens an observed connection and issues its receive. Its ordinal number is the number of its stream.</summary>
    public async Task<(ZcrxConnection Connection, IDisposable Subscription)> ObserveAsync(IObserver<Interop.ReceivedBuffer> observer)
    {
        int number = _positions.Count;
        // Never connected: the kernel here does not look at it.
        ZcrxConnection connection = await Queue.AttachAsync(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        IDisposable subscription = connection.Buffers.Subscribe(observer);
        await Deadline.UntilAsync(() => Kernel.Requests.Count == number + 1, "the receive is issued");
        _positions.Add(0);
        return (connection, subscription);
    }

    /// <summary>Brings buffers in one turn: for each the number of its connection. Ends when they have been delivered.</summary>
    public Task PostAsync(params IEnumerable<int> connections) => Kernel.PostAsync(connections.Select(Fill).ToList());

    /// <summary>Waits until everything that was posted has come back.</summary>
    public Task AllReturnedAsync() => Deadline.UntilAsync(() => Kernel.Returned.Count >= _posted.Count, $"{_posted.Count} pieces come back");

    public async ValueTask DisposeAsync() => await Queue.DisposeAsync().AsTask().Within("the queue closes");

    public unsafe (ulong Request, ulong Offset, int Length) Fill(int connection)
    {
        // Round the area: a test must have its pieces back before it posts so many more.
        ulong offset = _next++ % (ulong)_pieces * BatchKernel.PieceLength;
        int length = BatchKernel.PieceLength - connection;
        Payload.At(connection, _positions[connection], length).CopyTo(new Span<byte>(Kernel.Area + offset, length));
        _positions[connection] += length;
        _posted.Add(offset);
        return (Kernel.Requests[connection], offset, length);
    }
}
