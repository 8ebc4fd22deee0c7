using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Memory;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Conformance.Exports;

/// <summary>Runs tests in which an interface queue passes from one ring thread to the next. Its connections check every byte.</summary>
internal sealed class TakeoverBench : IAsyncDisposable
{
    public const int Buffers = 16;
    // The buffers that the pool keeps as its reserve, an eighth of all.
    private const int Reserve = 2;

    private readonly Socket _listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly List<Connection> _connections = [];
    private readonly List<MemoryRegion> _pinned = [];

    private TakeoverBench(KernelUnderTest kernel, ZcrxQueue queue)
    {
        Kernel = kernel;
        Queue = queue;
    }

    public KernelUnderTest Kernel { get; }

    public Socket Listener => _listener;

    /// <summary>Gets the queue that currently owns the memory. Its ring thread writes the refill queue.</summary>
    public ZcrxQueue Queue { get; private set; }

    public static async Task<TakeoverBench> OpenAsync(string name, ZcrxSuspendedConnections? suspended = null, bool isShared = false)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
        EngineChoice choice = new(kernel.Engine, "a test");
        return new TakeoverBench(kernel, await ZcrxQueue.OpenAsync(Options(1) with { SharedMemory = isShared }, choice, kernel.Kernel, default, suspended).Within("the queue opens"));
    }

    /// <summary>Opens a new queue on the same memory, with another ring thread.</summary>
    /// <returns>The previous queue. It still receives for its own connections.</returns>
    public async Task<ZcrxQueue> SwitchAsync(ExportedQueue? exported = null, ZcrxSuspendedConnections? suspended = null)
    {
        using ExportedQueue? own = exported is null ? await Queue.ExportAsync().Within("the queue is exported") : null;
        ZcrxQueue before = Queue;
        Queue = await ZcrxQueue.ImportAsync(exported ?? own!, Options(2), suspended).Within("the queue is imported");
        return before;
    }

    /// <summary>Makes a queue on the same memory the current one.</summary>
    /// <returns>The previous queue.</returns>
    public ZcrxQueue Use(ZcrxQueue queue)
    {
        ZcrxQueue before = Queue;
        Queue = queue;
        return before;
    }

    /// <summary>
    /// Keeps the memory of the current queue mapped until the end of the test. A real kernel pins it. The emulated kernel only uses the
    /// mapping of the process.
    /// </summary>
    public void Pin()
    {
        QueueMemory memory = Queue.Loop.Queue.Memory;
        MemoryRegion[] regions = [memory.Region, .. memory.Areas];
        Array.ForEach(regions, static region => region.AddOwner());
        _pinned.AddRange(regions);
    }

    /// <summary>Connects to a queue, by default to the current one.</summary>
    public async Task<Connection> ConnectAsync(ZcrxQueue? queue = null)
    {
        Peer peer = await Peer.ConnectAsync(_listener.LocalEndPoint!, _connections.Count);
        Socket accepted = await _listener.AcceptAsync().Within("the connection is accepted");
        Connection connection = new(peer, await (queue ?? Queue).AttachAsync(accepted).Within("the connection is attached"));
        _connections.Add(connection);
        return connection;
    }

    /// <summary>
    /// Asserts that no buffer is lost: a consumer can lease all buffers except the reserve, and the reserve serves another stream.
    /// </summary>
    /// <remarks>The test must have released all other leases first.</remarks>
    public async Task AssertPoolIsWholeAsync()
    {
        await Deadline.UntilAsync(() => Queue.Snapshot().BuffersOut == 0, "no buffer is leased");
        Connection keeper = await ConnectAsync();
        keeper.Holds = true;
        for (int i = 1; i <= Buffers - Reserve; i++)
        {
            await keeper.SendAsync(100);
            await keeper.ReachAsync();
        }

        Assert.Equal(Buffers - Reserve, Queue.Snapshot().BuffersOut);
        Connection passer = await ConnectAsync();
        await passer.SendAsync(200_000);
        await passer.EndAsync();
        keeper.LetGo();
        await keeper.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Connection connection in _connections)
        {
            connection.Dispose();
        }

        await Queue.DisposeAsync();
        _pinned.ForEach(static region => region.Release());
        _listener.Dispose();
    }

    public static ZcrxQueueOptions Options(int generation) => new()
    {
        Name = $"loop {generation}",
        AreaSize = (long)Buffers * Environment.SystemPageSize,
        // No connection is paused until only the reserve is left.
        HighWaterMark = 1,
        ConnectionQuota = 2 * Buffers,
        NotificationInterval = TimeSpan.FromMilliseconds(10),
    };

    internal sealed class Connection : IDisposable
    {
        private readonly ConcurrentQueue<BufferLease> _leases = new();
        private readonly IDisposable _subscription;
        private readonly Peer _peer;
        private volatile bool _holds;
        private Task _sending = Task.CompletedTask;

        public Connection(Peer peer, ZcrxConnection connection)
        {
            _peer = peer;
            Zcrx = connection;
            Recorder = new Recorder(peer.Stream)
            {
                Then = buffer =>
                {
                    if (_holds)
                    {
                        _leases.Enqueue(buffer.Retain());
                    }
                },
            };
            _subscription = connection.Buffers.Subscribe(Recorder);
        }

        public ZcrxConnection Zcrx { get; }

        public Recorder Recorder { get; }

        public int Held => _leases.Count;

        public bool Holds
        {
            get => _holds;
            set => _holds = value;
        }

        /// <summary>
        /// Sends bytes after the current send, and returns at once. The send may have to wait for a consumer that leases every buffer.
        /// </summary>
        public void Send(long count) => _sending = SendBehindAsync(_sending, count);

        public Task SendAsync(long count) => _peer.SendAsync(count).Within("the bytes are sent");

        /// <summary>Waits until all sent bytes have arrived.</summary>
        public Task ReachAsync() => Recorder.ReachAsync(_peer.Sent);

        /// <summary>Checks the bytes of the oldest leases, and releases them.</summary>
        public void LetGo(int most = int.MaxValue)
        {
            for (; most > 0 && _leases.TryDequeue(out BufferLease? lease); most--)
            {
                using (lease)
                {
                    Assert.True(lease.Span.SequenceEqual(Payload.At(_peer.Stream, lease.StreamOffset, lease.Length)), "a leased buffer keeps its bytes");
                }
            }
        }

        /// <summary>Ends the stream, and asserts that all sent bytes have arrived in order.</summary>
        public async Task EndAsync()
        {
            await _sending.Within("everything is sent");
            _peer.EndSending();
            await Recorder.AssertCompletedAsync(_peer.Sent);
            await Zcrx.Closed.Within("the connection is closed");
        }

        private async Task SendBehindAsync(Task before, long count)
        {
            await before;
            await _peer.SendAsync(count);
        }

        public void Dispose()
        {
            LetGo();
            _subscription.Dispose();
            Zcrx.Dispose();
            _peer.Dispose();
        }
    }
}
