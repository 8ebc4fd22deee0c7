using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Requests that the buffers of a dead process are reclaimed, while another ring imports and uses the queue.</summary>
/// <remarks>
/// The consumers of the importing ring lease buffers. If such a buffer were reclaimed, it would be delivered again and its bytes
/// overwritten. A reclaim must therefore wait until the other ring and its leases have ended.
/// </remarks>
internal sealed class ReclaimScenario : IStressScenario
{
    private const int Buffers = 32;
    private const int Imports = 8;
    private const int MostLeases = 8;
    // Several times as many bytes as the pool holds. Each buffer is then used again while others are leased.
    private const int Bytes = 512 << 10;

    public string Name => "reclaim-import";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(Buffers);
        using ExportedQueue exported = await queue.Queue.ExportAsync().Within("the queue is exported");
        int reclaimed = 0;
        exported.Memory.Reclaimed = () => Interlocked.Increment(ref reclaimed);
        for (int i = 0; i < Imports; i++)
        {
            int before = Volatile.Read(ref reclaimed);
            int spins = random.Next(3) switch { 0 => 0, 1 => random.Next(2000), _ => random.Next(100_000) };
            Task reclaiming = Task.Run(() =>
            {
                Thread.SpinWait(spins);
                exported.Memory.Reclaim();
            });
            ZcrxQueue importing = await ZcrxQueue.ImportAsync(exported, TestQueue.Options() with { Name = "importing" }).Within("the queue is imported");
            List<BufferLease> leases = [];
            int stream = await ReceiveAsync(queue, importing, leases);
            if (random.Next(2) == 0)
            {
                await importing.DisposeAsync().AsTask().Within("the importing queue is disposed");
                await ReceiveAsync(queue, queue.Queue, []);
            }

            foreach (BufferLease lease in leases)
            {
                StressRun.Require(lease.Span.SequenceEqual(Payload.At(stream, lease.StreamOffset, lease.Length)), $"a lease at {lease.StreamOffset} keeps its bytes");
                lease.Dispose();
            }

            await importing.DisposeAsync().AsTask().Within("the importing queue is disposed");
            await reclaiming;
            await Deadline.UntilAsync(() => Volatile.Read(ref reclaimed) > before, "the buffers are reclaimed");
        }

        return Imports;
    }

    /// <summary>Receives a stream on a queue, and leases some of its buffers.</summary>
    private static async Task<int> ReceiveAsync(TestQueue queue, ZcrxQueue receiving, List<BufferLease> leases)
    {
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream)
            {
                Then = buffer =>
                {
                    if (receiving != queue.Queue && leases.Count < MostLeases)
                    {
                        leases.Add(buffer.Retain());
                    }
                },
            };
            if (receiving != queue.Queue)
            {
                StressRun.Require(await connection.MoveToAsync(receiving).Within("the move has an outcome"), "the connection is moved");
            }

            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task sending = peer.SendAllAsync(Bytes);
            await recorder.AssertCompletedAsync(Bytes);
            await sending;
            return peer.Stream;
        }
    }
}
