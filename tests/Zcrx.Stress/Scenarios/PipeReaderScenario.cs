using System.Buffers;
using System.IO.Pipelines;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>A pipe reader whose reads other threads cancel all the time: every byte arrives once, and no call throws.</summary>
internal sealed class PipeReaderScenario : IStressScenario
{
    private const int Buffers = 64;

    private long _read;

    public string Name => "pipe-reader";

    public long Run(StressRun run)
    {
        using InMemoryArea area = new(Buffers, 16);
        BufferSource source = new(area);
        PipeReader reader = source.ToPipeReader();
        Task reading = Task.Run(() => ReadAsync(reader));
        run.Start(_ => reader.CancelPendingRead());
        long sent = 0;
        while (!run.IsOver && !reading.IsCompleted)
        {
            area.Ledger.Drain();
            if (area.Free > 0)
            {
                source.Send([(byte)sent++]);
            }
        }

        source.Complete();
        run.Join();
        StressRun.Require(reading.Wait(TimeSpan.FromSeconds(30)), "the reader sees the end");
        StressRun.Require(_read == sent, $"all {sent} bytes arrive, {_read} do");
        area.AssertAllReturned();
        return sent;
    }

    private async Task ReadAsync(PipeReader reader)
    {
        while (true)
        {
            ReadResult result = await reader.ReadAsync().ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                foreach (byte value in piece.Span)
                {
                    StressRun.Require(value == (byte)_read++, "bytes arrive in order");
                }
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await reader.CompleteAsync().ConfigureAwait(false);
                return;
            }
        }
    }
}
