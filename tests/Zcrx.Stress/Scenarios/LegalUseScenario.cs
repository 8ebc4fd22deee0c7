using System.Threading.Channels;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Uses queues correctly under load. Connections move between queues constantly, their first queue is suspended and replaced, and buffers
/// are leased to other threads.
/// </summary>
/// <remarks>Every byte is compared. Every stream must complete without a gap, and every buffer must return.</remarks>
internal sealed class LegalUseScenario : IStressScenario
{
    private const int Connections = 4;
    private const int Buffers = 256;
    private const int SmallestStream = 1 << 14;
    private const int LargestStream = 1 << 25;

    public string Name => "legal-use";

    public string Unit => "bytes";

    public long Run(StressRun run)
    {
        long bytes = 0;
        run.RepeatAsync(async random =>
        {
            Interlocked.Add(ref bytes, await RoundAsync(random));
            return Connections;
        }).GetAwaiter().GetResult();
        return bytes;
    }

    private static async Task<long> RoundAsync(Random random)
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue first = await TestQueue.OpenAsync(Buffers, suspended: suspended);
        await using TestQueue second = await TestQueue.OpenAsync(Buffers);
        await using TestQueue successor = await TestQueue.OpenAsync(Buffers);
        List<(Peer Peer, ZcrxConnection Connection)> ends = [];
        for (int i = 0; i < Connections; i++)
        {
            ends.Add(await first.ConnectAsync());
        }

        TestQueue[] targets = [first, second, successor];
        Task<long>[] streams = [.. ends.Select(end => StreamAsync(end.Peer, end.Connection, targets, new Random(random.Next())))];

        // The position in the first stream at which the queue is suspended. The stream may end before it.
        long point = random.NextInt64(LargestStream);
        await Deadline.UntilAsync(() => streams[0].IsCompleted || ends[0].Connection.BytesReceived >= point, "the first stream arrives");
        await first.Queue.SuspendAsync().Within("the queue is suspended");
        await suspended.ContinueOnAsync(successor.Queue).Within("its connections continue");
        long[] bytes = await Task.WhenAll(streams);
        await first.AllReturnedAsync();
        await first.CloseAsync();
        return bytes.Sum();
    }

    private static async Task<long> StreamAsync(Peer peer, ZcrxConnection connection, TestQueue[] targets, Random random)
    {
        using (peer)
        {
            long total = random.NextInt64(SmallestStream, SmallestStream << random.Next(1, 12));
            Channel<BufferLease> leases = Channel.CreateUnbounded<BufferLease>();
            Random choice = new(random.Next());
            Recorder recorder = new(peer.Stream)
            {
                Then = buffer =>
                {
                    if (choice.Next(4) == 0)
                    {
                        StressRun.Require(leases.Writer.TryWrite(buffer.Retain()), "the channel takes a lease");
                    }
                },
                AtEnd = () => leases.Writer.Complete(),
            };
            Task checking = Task.Run(() => CheckAsync(leases.Reader, peer.Stream));
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Task moving = MoveAsync(connection, recorder, targets, random);
            await peer.SendAllAsync(total, random.Next(1, 1 << 16));
            await recorder.AssertCompletedAsync(total);
            await checking.Within("the leases are released");
            await moving;
            return total;
        }
    }

    /// <summary>Compares the bytes of leases on another thread, while the ring threads reuse all other buffers.</summary>
    private static async Task CheckAsync(ChannelReader<BufferLease> leases, int stream)
    {
        await foreach (BufferLease lease in leases.ReadAllAsync())
        {
            using (lease)
            {
                StressRun.Require(lease.Span.SequenceEqual(Payload.At(stream, lease.StreamOffset, lease.Length)), $"a lease at {lease.StreamOffset} keeps its bytes");
            }
        }
    }

    private static async Task MoveAsync(ZcrxConnection connection, Recorder recorder, TestQueue[] targets, Random random)
    {
        while (!recorder.HasEnded)
        {
            await recorder.ReachAsyncOrEnd(recorder.Bytes + random.Next(1 << 20));
            try
            {
                await connection.MoveToAsync(targets[random.Next(targets.Length)].Queue).Within("the move has an outcome");
            }
            catch (ObjectDisposedException)
            {
                // The move has failed because its target is the suspended queue. The connection stays on its queue.
            }
        }
    }
}
