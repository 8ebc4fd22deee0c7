using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Disposes the subscription of <c>Process</c> at random moments, even during its end. No call may throw, and every buffer must return.
/// </summary>
internal sealed class ProcessScenario : IStressScenario
{
    private IDisposable? _subscription;

    public string Name => "process";

    public long Run(StressRun run)
    {
        using InMemoryArea area = new(16, 16);
        Random random = new(run.Seed);
        run.Start(Step, isMisuse: false);
        long rounds = 0;
        for (; !run.IsOver; rounds++)
        {
            BufferSource source = new(area);
            IDisposable subscription = source.Process(static (_, _) => ValueTask.CompletedTask, maxConcurrency: 1 + random.Next(2)).Subscribe(static _ => { }, static _ => { });
            for (int i = random.Next(3); i > 0; i--)
            {
                source.Send([1]);
            }

            Volatile.Write(ref _subscription, subscription);
            Thread.SpinWait(random.Next(300));
            source.Complete();
            Thread.SpinWait(random.Next(300));
            subscription.Dispose();
            StressRun.Require(SpinWait.SpinUntil(() => Returned(area), TimeSpan.FromSeconds(30)), "every buffer returns");
        }

        run.Join();
        area.AssertAllReturned();
        return rounds;
    }

    private static bool Returned(InMemoryArea area)
    {
        area.Ledger.Drain();
        return area.Free == 16;
    }

    private void Step(Random random)
    {
        Thread.SpinWait(random.Next(500));
        Interlocked.Exchange(ref _subscription, null)?.Dispose();
    }
}
