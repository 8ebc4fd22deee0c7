using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Runs a service on the first four of eight RX queues of an emulated interface. Sends streams to it until the test ends them, and checks
/// every byte.
/// </summary>
internal sealed class StormBench : IAsyncDisposable
{
    private const int Ours = 4;
    private const int Piece = 16 * 1024;

    private static readonly byte[] Pattern = [.. Enumerable.Range(0, 251 * 512).Select(static index => (byte)(index % 251))];

    private readonly TestHost _host;
    private readonly CancellationTokenSource _sending = new();
    private readonly ConcurrentQueue<Checker> _checkers;
    private readonly List<Socket> _peers = [];
    private readonly List<Task> _tasks = [];
    private readonly CancellationTokenSource _disposing = new();
    private Task _releasing = Task.CompletedTask;
    private volatile int _releasedAtOnce = 2;

    private StormBench(TestHost host, EmulatedNic nic, ConcurrentQueue<Checker> checkers)
    {
        _host = host;
        Nic = nic;
        _checkers = checkers;
        Events = new Recorder(host.System);
    }

    public EmulatedNic Nic { get; }

    public TestHost Host => _host;

    public Recorder Events { get; }

    /// <summary>Gets the number of bytes that the kernel has copied so far.</summary>
    public long Copied => _host.Queues.Sum(static slot => slot.Snapshot()!.CopiedBytes);

    public long Received => _host.Queues.Sum(static slot => slot.Snapshot()!.BytesReceived);

    /// <param name="connections">The number of streams.</param>
    /// <param name="configure">Changes the options of the rebalancer.</param>
    /// <param name="queues">The number of RX queues on which packets arrive at the beginning, counted from RX queue 0.</param>
    /// <param name="keep">True if consumers lease all buffers, and release them more slowly than new ones arrive.</param>
    /// <param name="facts">Replaces the object that reads the facts of the interface for the rebalancer.</param>
    public static async Task<StormBench> StartAsync(int connections, Action<ZcrxRebalancingOptions>? configure = null, int queues = Ours, bool keep = false, Func<EmulatedNic, INicFacts>? facts = null)
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 * Ours, RetransmitDelay = TimeSpan.FromMilliseconds(5) });
        nic.RssTable = [.. Enumerable.Range(0, 128).Select(bucket => bucket % queues)];
        ConcurrentQueue<Checker> checkers = [];
        TestHost host = await TestHost.StartAsync(zcrx =>
        {
            for (int i = 0; i < Ours; i++)
            {
                zcrx.AddQueue(new ZcrxQueueOptions
                {
                    Name = $"rx{i}", Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = i, AreaSize = 4 << 20, Emulation = new EmulatedKernelOptions { Nics = [nic] },
                });
            }

            zcrx.Configure(options =>
            {
                options.Rebalancing.SampleInterval = TimeSpan.FromMilliseconds(50);
                options.Rebalancing.MinSampleBytes = 4 * 1024;
                options.Rebalancing.StormSamples = 2;
                options.Rebalancing.NicFacts = facts?.Invoke(nic);
                options.Rebalancing.CoolDown = TimeSpan.FromMilliseconds(250);
                configure?.Invoke(options.Rebalancing);
            });
            zcrx.Listen("127.0.0.1:0", connection =>
            {
                Checker checker = new(connection, keep);
                checkers.Enqueue(checker);
                return connection.Buffers.Subscribe(checker);
            });
        });
        StormBench bench = new(host, nic, checkers);
        bench._releasing = bench.ReleaseAsync();
        for (int i = 0; i < connections; i++)
        {
            Socket peer = await host.ConnectAsync();
            bench._peers.Add(peer);
            bench._tasks.Add(bench.SendAsync(peer));
        }

        await host.Kit.AwaitConditionAsync(() => checkers.Count == connections && checkers.All(static checker => checker.Length > Piece), "all streams run");
        return bench;
    }

    /// <summary>Gets the number of connections of each queue.</summary>
    public IReadOnlyDictionary<string, int> Shares => _checkers.CountBy(static checker => checker.Connection.QueueName).ToDictionary();

    /// <summary>Waits until all streams together have received a number of bytes.</summary>
    public Task FlowAsync(long bytes)
    {
        long end = Received + bytes;
        return _host.Kit.AwaitConditionAsync(() => Received >= end, "the streams receive");
    }

    /// <summary>Assigns an RX queue to every bucket.</summary>
    public void Scramble(Func<int, int> queueOf) => Nic.RssTable = [.. Enumerable.Range(0, 128).Select(queueOf)];

    /// <summary>Receives further bytes. Returns true if less than one percent of them is copied.</summary>
    public async Task<bool> IsCalmAsync()
    {
        long copied = Copied;
        long received = Received;
        await FlowAsync(512 * 1024);
        return Copied - copied < (Received - received) / 100;
    }

    /// <summary>Ends the streams, and checks that each one arrived completely.</summary>
    public async Task EndAsync()
    {
        _releasedAtOnce = int.MaxValue;
        await _sending.CancelAsync();
        await Task.WhenAll(_tasks).WithinLimit();
        Checker[] checkers = [.. _checkers];
        foreach (Checker checker in checkers)
        {
            Assert.Null(await checker.Ended.WithinLimit());
        }

        Assert.Equal(_sent, checkers.Sum(static checker => checker.Length));
    }

    public async ValueTask DisposeAsync()
    {
        _releasedAtOnce = int.MaxValue;
        await _sending.CancelAsync();
        await Task.WhenAll(_tasks).WithinLimit();
        _peers.ForEach(static peer => peer.Dispose());
        Events.Dispose();
        await _host.DisposeAsync();
        await _disposing.CancelAsync();
        await _releasing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposing.Dispose();
        _sending.Dispose();
    }

    private long _sent;

    /// <summary>Sends with pauses, so that other processes get processor time.</summary>
    private async Task SendAsync(Socket peer)
    {
        long position = 0;
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(10));
        while (!_sending.IsCancellationRequested)
        {
            int sent;
            try
            {
                sent = await peer.SendAsync(Pattern.AsMemory((int)(position % 251), Piece));
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
            {
                // The queue has crashed. EndAsync finds the missing bytes.
                return;
            }

            position += sent;
            Interlocked.Add(ref _sent, sent);
            await pace.WaitForNextTickAsync();
        }

        peer.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Releases a few leases of each stream per tick until the end of the test, more slowly than buffers arrive.</summary>
    private async Task ReleaseAsync()
    {
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(10));
        while (await pace.WaitForNextTickAsync(_disposing.Token))
        {
            foreach (Checker checker in _checkers)
            {
                checker.Release(_releasedAtOnce);
            }
        }
    }

    /// <summary>Records the events of the rebalancer.</summary>
    internal sealed class Recorder : IDisposable
    {
        private readonly ConcurrentQueue<RebalanceEvent> _events = [];
        private readonly ActorSystem _system;
        private readonly IActorRef _actor;

        public Recorder(ActorSystem system)
        {
            _system = system;
            _actor = system.ActorOf(Props.Create(() => new Listening(_events)));
            system.EventStream.Subscribe(_actor, typeof(RebalanceEvent));
        }

        public T[] Of<T>()
            where T : RebalanceEvent => [.. _events.OfType<T>()];

        public override string ToString() => string.Join(Environment.NewLine, _events);

        public void Dispose() => _system.Stop(_actor);

        private sealed class Listening : ReceiveActor
        {
            public Listening(ConcurrentQueue<RebalanceEvent> events) => Receive<RebalanceEvent>(events.Enqueue);
        }
    }

    private sealed class Checker(ZcrxConnection connection, bool keep) : IObserver<ReceivedBuffer>
    {
        private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentQueue<BufferLease> _kept = [];
        private long _length;

        public ZcrxConnection Connection => connection;

        public long Length => Volatile.Read(ref _length);

        public Task<Exception?> Ended => _ended.Task;

        public void OnNext(ReceivedBuffer value)
        {
            if (value.StreamOffset != _length || !value.Span.SequenceEqual(Pattern.AsSpan((int)(_length % 251), value.Length)))
            {
                throw new InvalidOperationException($"bytes differ at {_length}");
            }

            Volatile.Write(ref _length, _length + value.Length);
            if (keep)
            {
                _kept.Enqueue(value.Retain());
            }
        }

        public void Release(int count)
        {
            for (int i = 0; i < count && _kept.TryDequeue(out BufferLease? lease); i++)
            {
                lease.Dispose();
            }
        }

        public void OnCompleted() => _ended.TrySetResult(null);

        public void OnError(Exception error) => _ended.TrySetResult(error);
    }
}
