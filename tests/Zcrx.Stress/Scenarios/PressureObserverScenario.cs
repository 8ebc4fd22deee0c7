using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Lets observers of a queue's pressure subscribe and unsubscribe while the level changes. A new observer gets the current level first.
/// Some observers wait for the ring thread then, and some throw.
/// </summary>
/// <remarks>No observer may block the ring thread. An observer that has thrown must not be called again.</remarks>
internal sealed class PressureObserverScenario : IStressScenario
{
    private const int Buffers = 16;
    private const int Bytes = 4 << 20;

    private readonly ConcurrentQueue<BufferLease> _leases = new();
    private TestQueue? _queue;
    private long _operations;

    public string Name => "pressure-observer";

    public long Run(StressRun run) => RunAsync(run).GetAwaiter().GetResult();

    private async Task<long> RunAsync(StressRun run)
    {
        run.Start(Step, isMisuse: false);
        while (!run.IsOver)
        {
            await using TestQueue queue = await TestQueue.OpenAsync(Buffers);
            LevelCheck levels = new();
            using IDisposable watching = queue.Queue.Pressure.Subscribe(levels);
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream) { Then = buffer => _leases.Enqueue(buffer.Retain()) };
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                Volatile.Write(ref _queue, queue);
                Task sending = peer.SendAllAsync(Bytes);
                await recorder.AssertCompletedAsync(Bytes);
                await sending;
            }

            ReleaseSome(int.MaxValue);
            await Deadline.UntilAsync(() => levels.Last == PoolPressureLevel.Normal, "the last level that is published is the pool's");
            StressRun.Require(levels is { Values: > 1, AreChanges: true }, "each published level differs from the level before");
        }

        run.Join();
        return Interlocked.Read(ref _operations);
    }

    private void Step(Random random)
    {
        if (Volatile.Read(ref _queue) is not { } queue)
        {
            Thread.Yield();
            return;
        }

        switch (random.Next(4))
        {
            case 0:
                WaitInReplay(queue);
                break;
            case 1:
                ThrowInReplay(queue);
                break;
            case 2:
                queue.Queue.Pressure.Subscribe(new Observer(static () => { })).Dispose();
                break;
            default:
                ReleaseSome(random.Next(Buffers));
                return;
        }

        Interlocked.Increment(ref _operations);
    }

    private static void WaitInReplay(TestQueue queue)
    {
        int caller = Environment.CurrentManagedThreadId;
        bool hasAnswered = false;
        bool isReplay = false;
        Observer observer = new(() =>
        {
            isReplay = Environment.CurrentManagedThreadId == caller;
            hasAnswered = queue.Queue.GetConnectionsAsync().Wait(Deadline.Limit);
        });
        IDisposable subscription = queue.Queue.Pressure.Subscribe(observer);
        // These checks come before the disposal, which would wait forever in a deadlock.
        StressRun.Require(isReplay, "the first value is replayed inside of Subscribe");
        StressRun.Require(hasAnswered, $"the ring thread answers within {Deadline.Limit.TotalSeconds} s while an observer waits for it; this is a deadlock");
        subscription.Dispose();
    }

    private static void ThrowInReplay(TestQueue queue)
    {
        Observer observer = new(static () => throw new NotSupportedException("on purpose"));
        using IDisposable subscription = queue.Queue.Pressure.Subscribe(observer);
        // A value that is published now would reach the observer within this turn of the ring thread.
        _ = queue.Queue.GetConnectionsAsync().Wait(Deadline.Limit);
        StressRun.Require((observer.Values, observer.Errors) == (1, 1), "an observer that throws is called once, and gets its exception");
    }

    private void ReleaseSome(int count)
    {
        for (; count > 0 && _leases.TryDequeue(out BufferLease? lease); count--)
        {
            lease.Dispose();
        }
    }

    /// <summary>Represents an observer that performs an action at its first value, and counts its values.</summary>
    private sealed class Observer(Action first) : IObserver<PoolPressure>
    {
        public int Values { get; private set; }

        public int Errors { get; private set; }

        public void OnNext(PoolPressure value)
        {
            if (++Values == 1)
            {
                first();
            }
        }

        public void OnError(Exception error) => Errors++;

        public void OnCompleted()
        {
        }
    }

    private sealed class LevelCheck : IObserver<PoolPressure>
    {
        private int _last = -1;

        public PoolPressureLevel Last => (PoolPressureLevel)Volatile.Read(ref _last);

        public int Values { get; private set; }

        public bool AreChanges { get; private set; } = true;

        public void OnNext(PoolPressure value)
        {
            Values++;
            AreChanges &= (int)value.Level != _last;
            Volatile.Write(ref _last, (int)value.Level);
        }

        public void OnError(Exception error) => AreChanges = false;

        public void OnCompleted()
        {
        }
    }
}
