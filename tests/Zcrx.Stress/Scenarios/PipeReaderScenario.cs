using System.Buffers;
using System.IO.Pipelines;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Cancels the reads of a pipe reader constantly, for both kinds of reads and with partial advances. Every byte must arrive once, and no
/// call may throw.
/// </summary>
internal sealed class PipeReaderScenario : IStressScenario
{
    private const int Buffers = 64;

    private long _read;
    private long _reads;

    public string Name => "pipe-reader";

    public long Run(StressRun run)
    {
        using InMemoryArea area = new(Buffers, 16);
        BufferSource source = new(area);
        PipeReader reader = source.ToPipeReader();
        Task reading = Task.Run(() => ReadAsync(reader, new Random(run.Seed)));
        run.Start(random =>
        {
            reader.CancelPendingRead();
            Thread.SpinWait(random.Next(20));
        }, isMisuse: false);
        Random random = new(run.Seed);
        long sent = 0;
        while (!run.IsOver && !reading.IsCompleted)
        {
            area.Ledger.Drain();
            if (area.Free > 0)
            {
                source.Send([(byte)sent++]);
            }

            // The delay lets reads start without data. A cancellation can then coincide with the start of a read.
            Thread.SpinWait(random.Next(20_000));
        }

        source.Complete();
        run.Join();
        StressRun.Require(reading.Wait(TimeSpan.FromSeconds(30)), "the reader sees the end");
        StressRun.Require(_read == sent, $"all {sent} bytes arrive, {_read} do");
        area.AssertAllReturned();
        return _reads;
    }

    private async Task ReadAsync(PipeReader reader, Random random)
    {
        while (true)
        {
            if (random.Next(2) == 0 || !reader.TryRead(out ReadResult result))
            {
                result = await reader.ReadAsync().ConfigureAwait(false);
            }

            _reads++;
            // Consumes all bytes or half of them, and marks the rest as examined or not.
            long take = random.Next(3) switch { 0 => result.Buffer.Length / 2, _ => result.Buffer.Length };
            ReadOnlySequence<byte> taken = result.Buffer.Slice(0, take);
            foreach (ReadOnlyMemory<byte> piece in taken)
            {
                foreach (byte value in piece.Span)
                {
                    StressRun.Require(value == (byte)_read++, "bytes arrive in order");
                }
            }

            reader.AdvanceTo(taken.End, random.Next(2) == 0 || result.IsCompleted ? taken.End : result.Buffer.End);
            if (result.IsCompleted && take == result.Buffer.Length)
            {
                await reader.CompleteAsync().ConfigureAwait(false);
                return;
            }
        }
    }
}
