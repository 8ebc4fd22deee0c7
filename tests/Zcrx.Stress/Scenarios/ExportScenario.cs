using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Exports queues of one kernel, while rings import these queues and close. No ring thread may block another one.</summary>
internal sealed class ExportScenario : IStressScenario
{
    private const int Queues = 2;
    private const int Bytes = 256 << 10;

    public string Name => "export";

    public long Run(StressRun run) => RunAsync(run).GetAwaiter().GetResult();

    private static async Task<long> RunAsync(StressRun run)
    {
        EmulatedKernel kernel = new();
        List<TestQueue> queues = [];
        for (int i = 0; i < Queues; i++)
        {
            queues.Add(await TestQueue.OpenAsync(buffers: 16, kernel: kernel));
        }

        using CancellationTokenSource over = new();
        long exports = 0;
        Task[] exporting = [.. queues.Select(queue => Task.Run(async () =>
        {
            for (; !over.IsCancellationRequested; Interlocked.Increment(ref exports))
            {
                (await queue.Queue.ExportAsync().Within("the queue is exported")).Dispose();
            }
        }))];
        long imports = await run.RepeatAsync(random => ImportAsync(kernel, queues[random.Next(Queues)], random));
        await over.CancelAsync();
        await Task.WhenAll(exporting).Within("exporting ends");
        foreach (TestQueue queue in queues)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                await peer.SendAllAsync(Bytes);
                await recorder.AssertCompletedAsync(Bytes);
            }

            await queue.DisposeAsync();
        }

        StressRun.Require(exports > 0, "queues were exported");
        return imports;
    }

    private static async Task<int> ImportAsync(EmulatedKernel kernel, TestQueue queue, Random random)
    {
        if (random.Next(4) == 0)
        {
            // Another ring of the same kernel is opened and closed at the same time.
            await using TestQueue passing = await TestQueue.OpenAsync(buffers: 4, kernel: kernel);
            return 1;
        }

        using ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        ZcrxQueue importing = await ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the queue is imported");
        if (random.Next(2) == 0)
        {
            // A queue that was imported can be exported again.
            (await importing.ExportAsync().Within("the imported queue is exported")).Dispose();
        }

        await importing.DisposeAsync().AsTask().Within("the importing queue is disposed");
        return 1;
    }
}
