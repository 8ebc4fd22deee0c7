using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using Xunit.Abstractions;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Nic;

/// <summary>
/// Tests the library's queues and streams on the machine's NIC, with an empty pool and with flows that arrive on another queue.
/// </summary>
public class NicStreamTests(ITestOutputHelper output) : IClassFixture<LeakCheck>
{
    [SkippableFact]
    public async Task Pool_whose_buffers_are_held_is_exhausted_reported_and_recovers()
    {
        using Bench bench = await Bench.OpenAsync(NicUnderTest.Open(KernelUnderTest.Linux, ZcrxFeature.Notifications), buffers: 128);
        for (int round = 0; round < Scale.Of(3, 50); round++)
        {
            int reportedBefore = bench.Reported(ZcrxNotificationType.NoBuffers);
            bench.Holds = true;
            bench.SendUntil(() => bench.Level == PoolPressureLevel.Exhausted && bench.Reported(ZcrxNotificationType.NoBuffers) > reportedBefore, "the pool is exhausted and reported");
            bench.Holds = false;
            bench.Release();
            bench.SendUntil(() => bench.Received == bench.Connection.Sent, "all sent bytes have arrived", more: false);
            Deadline.Until(() => bench.Level == PoolPressureLevel.Normal, "the level is normal again");
        }

        await bench.EndAsync();
        Assert.Equal(0, bench.Queue.Snapshot().CopiedFragments);
        double[] waits = [.. bench.FirstBytes.Select(static time => time.TotalMilliseconds).Order()];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{waits.Length} rounds; from the last release to the first byte: {waits[0]:F0} ms at least, {waits[waits.Length / 2]:F0} ms median, {waits[^1]:F0} ms at most"));
        output.WriteLine($"{bench.Received} bytes, {bench.Reported(ZcrxNotificationType.NoBuffers)} reports, {Posix.Retransmits(bench.Connection.Client)} packets sent again");
    }

    [SkippableFact]
    public async Task Flow_that_arrives_on_another_queue_is_copied_until_it_is_steered_back()
    {
        // A device takes buffers in advance: a cache of 128 and a full ring. The pool must be larger, because copies need buffers, too.
        const int Buffers = 1024;
        using Bench bench = await Bench.OpenAsync(NicUnderTest.Open(KernelUnderTest.Linux, ZcrxFeature.Notifications, ZcrxFeature.Statistics), Buffers);
        bench.SendUntil(() => bench.Received > 100_000, "the stream runs");
        Assert.Equal(0, bench.Queue.Snapshot().CopiedFragments);

        bench.Steer(away: true);
        // Twice as many bytes as the pool holds. The device takes no buffers now, so the ring thread must flush the refill queue.
        long end = bench.Received + (2 * Buffers * 1448);
        bench.SendUntil(() => bench.Received > end, "the stream continues over another RX queue");
        Assert.NotEqual(0, bench.Queue.Snapshot().CopiedFragments);
        Assert.NotEqual(0, bench.Reported(ZcrxNotificationType.Copy));

        bench.Steer(away: false);
        bench.SendUntil(() => bench.Received == bench.Connection.Sent, "all bytes in flight have arrived", more: false);
        long copied = bench.Queue.Snapshot().CopiedFragments;
        end = bench.Received + 200_000;
        bench.SendUntil(() => bench.Received > end, "the stream continues on its own RX queue");
        Assert.Equal(copied, bench.Queue.Snapshot().CopiedFragments);
        output.WriteLine($"{copied} fragments copied while it arrived on another RX queue ({2 * Buffers * 1448} bytes and more), none before and none after; {bench.Reported(ZcrxNotificationType.Copy)} reports, {bench.Queue.Snapshot().Pauses} pauses, {bench.Queue.Snapshot().Flushes} flushes");
        await bench.EndAsync();
    }

    /// <summary>
    /// Represents a queue, a stream from the sender's namespace, and a consumer. The consumer checks every byte and leases buffers on
    /// request.
    /// </summary>
    private sealed class Bench : IDisposable
    {
        private readonly NicUnderTest _nic;
        private readonly Socket _listener;
        private readonly List<IDisposable> _subscriptions = [];
        private readonly ConcurrentQueue<BufferLease> _held = new();
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentDictionary<ZcrxNotificationType, int> _reported = new();
        private readonly ConcurrentQueue<TimeSpan> _firstBytes = new();
        private long _received;
        private long _released;
        private int _level;
        private volatile bool _holds;

        private Bench(NicUnderTest nic, ZcrxQueue queue)
        {
            _nic = nic;
            Queue = queue;
            _listener = ListenSocket.Bind(new IPEndPoint(nic.Address, 0));
            Steer(away: false);
            _subscriptions.Add(queue.Pressure.Subscribe(pressure => Volatile.Write(ref _level, (int)pressure.Level)));
            _subscriptions.Add(queue.Notifications.Subscribe(notification => _reported.AddOrUpdate(notification.Type, 1, static (_, count) => count + 1)));
            _subscriptions.Add(queue.Listen(_listener).Subscribe(connection => connection.Buffers.Subscribe(
                Take, error => _ended.TrySetException(error), () => _ended.TrySetResult())));
            Connection = TcpPair.Of(server: -1, nic.Connect(Port));
        }

        public ZcrxQueue Queue { get; }

        public TcpPair Connection { get; }

        public bool Holds
        {
            get => _holds;
            set => _holds = value;
        }

        /// <summary>Gets, for each release of the held buffers, the time until the next byte arrived.</summary>
        public IEnumerable<TimeSpan> FirstBytes => _firstBytes;

        public long Received => Volatile.Read(ref _received);

        public PoolPressureLevel Level => (PoolPressureLevel)Volatile.Read(ref _level);

        private ushort Port => (ushort)((IPEndPoint)_listener.LocalEndPoint!).Port;

        public static async Task<Bench> OpenAsync(NicUnderTest nic, int buffers)
        {
            ZcrxQueueOptions options = new()
            {
                Engine = ZcrxEngine.Nic,
                Interface = nic.Interface,
                RxQueue = (int)nic.Queue,
                AreaSize = (long)buffers * Environment.SystemPageSize,
                NotificationInterval = TimeSpan.FromMilliseconds(1),
            };
            Deadline.Watch watch = Deadline.Start("the queue is free");
            while (true)
            {
                try
                {
                    return new Bench(nic, await ZcrxQueue.OpenAsync(options));
                }
                catch (ZcrxQueueBusyException)
                {
                    // The kernel may still be closing the ring of the previous test, so the loop tries again.
                    watch.Check();
                }
            }
        }

        public int Reported(ZcrxNotificationType type) => _reported.GetValueOrDefault(type);

        public void Steer(bool away) => _nic.Steer(Port, !away ? _nic.Queue : _nic.Queue == 0 ? 1u : 0);

        /// <summary>Waits for a condition, and sends during the wait unless <c>more</c> is false.</summary>
        public void SendUntil(Func<bool> condition, string expectation, bool more = true)
        {
            Deadline.Watch watch = Deadline.Start(expectation);
            SpinWait pause = default;
            while (!condition() && !_ended.Task.IsCompleted)
            {
                if (more)
                {
                    Connection.SendSome(16 * 1024);
                }

                watch.Check(() => string.Create(CultureInfo.InvariantCulture, $"level {Level}, {Received} of {Connection.Sent} bytes received, {_held.Count} buffers held; sender: {Posix.DescribeSending(Connection.Client)}; {Queue.Snapshot()}"));
                pause.SpinOnce();
            }
        }

        public void Release()
        {
            while (_held.TryDequeue(out BufferLease? lease))
            {
                Volatile.Write(ref _released, Stopwatch.GetTimestamp());
                lease.Dispose();
            }
        }

        public async Task EndAsync()
        {
            Connection.EndSending();
            await _ended.Task.WaitAsync(Deadline.Limit);
            Assert.Equal(Connection.Sent, Received);
        }

        public void Dispose()
        {
            Release();
            _nic.Unsteer(Port);
            _subscriptions.ForEach(subscription => subscription.Dispose());
            Connection.Dispose();
            _listener.Dispose();
            Queue.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        private void Take(ReceivedBuffer buffer)
        {
            if (!_holds && Interlocked.Exchange(ref _released, 0) is var released and not 0)
            {
                _firstBytes.Enqueue(Stopwatch.GetElapsedTime(released));
            }

            Pattern.AssertAt(buffer.Span, _received);
            if (_holds)
            {
                _held.Enqueue(buffer.Retain());
            }

            Volatile.Write(ref _received, _received + buffer.Length);
        }
    }
}
