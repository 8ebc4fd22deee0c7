using System.Reactive.Concurrency;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Disposes <c>Offload</c> or its scheduler while buffers arrive. Every buffer must return to the pool.</summary>
internal sealed class OffloadInMemoryScenario : IStressScenario
{
    private const int Buffers = 16;

    private IDisposable? _disposable;

    public string Name => "offload-in-memory";

    public long Run(StressRun run)
    {
        using InMemoryArea area = new(Buffers, 16);
        Random random = new(run.Seed);
        run.Start(Step, isMisuse: false);
        long rounds = 0;
        for (; !run.IsOver; rounds++)
        {
            BufferSource source = new(area);
            RefusingScheduler scheduler = new();
            int ends = 0;
            bool isWrong = false;
            IDisposable subscription = source.Offload(scheduler).Subscribe(
                lease => isWrong |= lease.Span.Length != 1,
                _ => Interlocked.Increment(ref ends),
                () => Interlocked.Increment(ref ends));
            bool isRefused = random.Next(2) == 0;
            Volatile.Write(ref _disposable, isRefused ? scheduler : subscription);
            for (int i = random.Next(Buffers / 2); i > 0 && area.Free > 0; i--)
            {
                source.Send([1]);
                Thread.SpinWait(random.Next(100));
            }

            source.Complete();
            StressRun.Require(!isRefused || SpinWait.SpinUntil(() => Volatile.Read(ref ends) == 1, TimeSpan.FromSeconds(30)), "the stream ends, with an error when its scheduler refuses work");
            subscription.Dispose();
            StressRun.Require(SpinWait.SpinUntil(() => Returned(area), TimeSpan.FromSeconds(30)), "every buffer returns");
            StressRun.Require(!isWrong && Volatile.Read(ref ends) <= 1, "the stream ends at most once, with intact leases");
        }

        run.Join();
        area.AssertAllReturned();
        return rounds;
    }

    private static bool Returned(InMemoryArea area)
    {
        area.Ledger.Drain();
        return area.Free == Buffers;
    }

    private void Step(Random random)
    {
        Thread.SpinWait(random.Next(500));
        Interlocked.Exchange(ref _disposable, null)?.Dispose();
    }

    /// <summary>Represents a scheduler that uses the thread pool. After its disposal, it refuses jobs.</summary>
    private sealed class RefusingScheduler : LocalScheduler, IDisposable
    {
        private volatile bool _disposed;

        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return TaskPoolScheduler.Default.Schedule(state, dueTime, action);
        }

        public void Dispose() => _disposed = true;
    }
}
