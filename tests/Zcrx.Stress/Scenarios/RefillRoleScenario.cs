using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Imports the memory of a queue into other queues, which close or crash. The first queue must continue to receive.</summary>
internal sealed class RefillRoleScenario : IStressScenario
{
    private const int Imports = 8;
    // Several times as many bytes as the pool holds. A queue that has lost buffers cannot deliver them.
    private const int Bytes = 256 << 10;

    public string Name => "refill-role";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        using ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        for (int i = 0; i < Imports; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                Task sending = peer.SendAllAsync(Bytes);
                await ImportAsync(queue, exported, random);
                await recorder.AssertCompletedAsync(Bytes);
                await sending;
            }
        }

        return Imports;
    }

    /// <summary>
    /// Opens one or two queues on the exported memory and ends them. The right to write the refill queue passes to another queue at the
    /// same time.
    /// </summary>
    private static async Task ImportAsync(TestQueue queue, ExportedQueue exported, Random random)
    {
        ZcrxQueue first = await OpenAsync(exported);
        Task<ZcrxQueue>? second = random.Next(2) == 0 ? OpenAsync(exported) : null;
        Task moving = random.Next(2) == 0 ? UseAsync(queue, first) : Task.CompletedTask;
        Task ending = EndAsync(first, random.Next(2) == 0);
        if (second is not null)
        {
            await EndAsync(await second, random.Next(2) == 0);
        }

        await ending;
        await moving;
    }

    private static Task<ZcrxQueue> OpenAsync(ExportedQueue exported) =>
        ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the queue is imported");

    /// <summary>Moves a connection to a queue that ends while the stream is received.</summary>
    private static async Task UseAsync(TestQueue queue, ZcrxQueue importing)
    {
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAsync(Bytes);
            try
            {
                await connection.MoveToAsync(importing).Within("the move has an outcome");
            }
            catch (ObjectDisposedException)
            {
                // The importing queue has ended before the move could start.
            }

            await sending.Within("the bytes are sent, or the connection is reset");
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
            recorder.AssertIntact();
        }
    }

    private static async Task EndAsync(ZcrxQueue importing, bool crashes)
    {
        if (crashes)
        {
            importing.Crash(new NotSupportedException("on purpose"));
            await Assert.ThrowsAsync<NotSupportedException>(() => importing.Completion.Within("the importing queue ends"));
        }

        await importing.DisposeAsync().AsTask().Within("the importing queue is disposed");
    }
}
