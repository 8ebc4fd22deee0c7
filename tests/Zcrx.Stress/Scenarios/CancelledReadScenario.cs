using System.IO.Pipelines;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Cancels reads of a pipe reader on all threads while no data arrives. Each read must complete as cancelled, and no call may throw.
/// </summary>
internal sealed class CancelledReadScenario : IStressScenario
{
    public string Name => "cancelled-read";

    public long Run(StressRun run) => RunAsync(run).GetAwaiter().GetResult();

    private static async Task<long> RunAsync(StressRun run)
    {
        PipeReader reader = Observable.Never<ReceivedBuffer>().ToPipeReader();
        run.Start(_ => reader.CancelPendingRead(), isMisuse: false);
        long reads = 0;
        for (; !run.IsOver; reads++)
        {
            if (reads % 2 == 0 || !reader.TryRead(out ReadResult result))
            {
                ValueTask<ReadResult> reading = reader.ReadAsync();
                result = reading.IsCompleted ? await reading : await reading.AsTask().Within("the cancelled read completes");
            }

            StressRun.Require(result is { IsCanceled: true, IsCompleted: false, Buffer.IsEmpty: true }, "a read without data ends as cancelled");
            reader.AdvanceTo(result.Buffer.End);
        }

        run.Join();
        await reader.CompleteAsync();
        return reads;
    }
}
