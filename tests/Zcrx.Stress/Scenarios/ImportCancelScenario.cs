using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Cancels imports and disposes their exports. Another queue of the same kernel gets the descriptor numbers.</summary>
/// <remarks>Each import must succeed or be cancelled. Both queues must continue to receive.</remarks>
internal sealed class ImportCancelScenario : IStressScenario
{
    private const int Imports = 20;
    private const int Bytes = 256 << 10;

    public string Name => "import-cancel";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        EmulatedKernel kernel = new();
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, kernel: kernel);
        await using TestQueue other = await TestQueue.OpenAsync(buffers: 16, kernel: kernel);
        using CancellationTokenSource over = new();
        Task exporting = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                (await other.Queue.ExportAsync()).Dispose();
            }
        });
        for (int i = 0; i < Imports; i++)
        {
            await ImportAsync(queue, random);
        }

        await over.CancelAsync();
        await exporting.Within("exporting ends");
        await Task.WhenAll(TransferAsync(queue, null), TransferAsync(other, null));
        return Imports;
    }

    private static async Task ImportAsync(TestQueue queue, Random random)
    {
        ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        using CancellationTokenSource cancellation = new();
        Task<ZcrxQueue> importing = ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }, cancellationToken: cancellation.Token);
        Thread.SpinWait(random.Next(3) switch { 0 => 0, 1 => 1_000, _ => 20_000 });
        Task cancelling = random.Next(4) == 0 ? Task.CompletedTask : cancellation.CancelAsync();
        exported.Dispose();
        await cancelling;
        ZcrxQueue imported;
        try
        {
            imported = await importing.Within("the import has an outcome");
        }
        catch (OperationCanceledException)
        {
            // The cancellation came before the import had succeeded.
            return;
        }

        await TransferAsync(queue, imported);
        await imported.DisposeAsync().AsTask().Within("the importing queue is disposed");
    }

    private static async Task TransferAsync(TestQueue queue, ZcrxQueue? imported)
    {
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            if (imported is not null)
            {
                Assert.True(await connection.MoveToAsync(imported).Within("the move has an outcome"));
            }

            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(Bytes);
            await recorder.AssertCompletedAsync(Bytes);
        }
    }
}
