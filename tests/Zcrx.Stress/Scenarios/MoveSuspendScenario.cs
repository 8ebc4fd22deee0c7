using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Moves connections while their queue is suspended or fails. Another queue resumes those that are suspended.</summary>
/// <remarks>Every open connection must continue on the other queue, and its stream must continue without a gap.</remarks>
internal sealed class MoveSuspendScenario : IStressScenario
{
    private const int Connections = 3;
    private const int Bytes = 20_000;

    public string Name => "move-suspend";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue queue = await TestQueue.OpenAsync(suspended: suspended);
        await using TestQueue successor = await TestQueue.OpenAsync();
        await using TestQueue target = await TestQueue.OpenAsync();
        List<Task> streams = [];
        List<Task> movable = [];
        TaskCompletionSource begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int i = 0; i < Connections; i++)
        {
            TaskCompletionSource isReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
            movable.Add(isReady.Task);
            streams.Add(StreamAsync(queue, target, new Random(random.Next()), isReady, begin.Task));
        }

        await Task.WhenAll(movable).Within("the connections are attached");
        Task<int> resuming = random.Next(2) == 0 ? suspended.ContinueOnAsync(successor.Queue) : Task.FromResult(0);
        bool crashes = random.Next(4) == 0;
        int spins = random.Next(3) switch { 0 => 0, 1 => 500, _ => 10_000 };
        Task ending = Task.Run(async () =>
        {
            await begin.Task;
            Thread.SpinWait(spins);
            if (crashes)
            {
                queue.Queue.Crash(new NotSupportedException("on purpose"));
            }
            else
            {
                await queue.Queue.SuspendAsync();
            }
        });
        begin.SetResult();
        await ending.Within("the queue is suspended");
        await Task.WhenAll(streams);
        await resuming.Within("the others continue");
        await queue.CloseAsync();
        return Connections;
    }

    private static async Task StreamAsync(TestQueue queue, TestQueue target, Random random, TaskCompletionSource isReady, Task begin)
    {
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            int early = random.Next(Bytes);
            await peer.SendAsync(early);
            isReady.SetResult();
            await begin;
            Thread.SpinWait(random.Next(10_000));
            bool isMoved = await connection.MoveToAsync(target.Queue).Within("the move has an outcome");
            StressRun.Require(isMoved, "an open connection is moved");
            await peer.SendAllAsync(Bytes - early);
            await recorder.AssertCompletedAsync(Bytes);
        }
    }
}
