using System.Runtime.CompilerServices;
using Ingest.Commands;
using Ingest.Display;
using Ingest.Serving;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Starts the service and the sender, watches both, and judges.</summary>
internal sealed class DemoRun(DemoOptions options, IDemoDisplay display, TextWriter output)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private readonly IncomingStreams _streams = new();
    private string? _ending;

    public async Task<int> RunAsync(CancellationToken interrupted)
    {
        await using ReceiveService service = await ReceiveService.StartAsync(options.Receive, _streams.Accept, CancellationToken.None);
        await output.WriteLineAsync($"Engine {service.Engine}");
        await output.WriteLineAsync(
            $"{Quantity.Of(options.Connections, "connection", "connections")} of {Quantity.Bytes(options.Volume)} each to {service.EndPoint}, seed {options.Seed}");

        using SenderProcess sender = SenderProcess.Start(service.EndPoint, options);
        await display.ShowAsync(WatchAsync(service, sender, interrupted));

        // Stops before it is judged: buffers that are still out then have been lost.
        IReadOnlyList<QueueStatistics> last = await service.StopAsync();
        Verdict verdict = Verdict.Of(options, sender.Streams, _streams.All, _streams.Elapsed, _ending, last.Sum(queue => queue.BuffersOut));
        foreach (string problem in verdict.Problems.Concat(sender.Complaints))
        {
            await output.WriteLineAsync($"  {problem}");
        }

        await output.WriteLineAsync(verdict.Success ? verdict.Text : $"FAILED: {verdict.Text}");
        return verdict.Success ? ExitCode.Success : ExitCode.Failure;
    }

    private async IAsyncEnumerable<DemoSnapshot> WatchAsync(
        ReceiveService service, SenderProcess sender, [EnumeratorCancellation] CancellationToken interrupted)
    {
        ProgressMeter meter = new(_streams, options.TotalVolume);
        bool over = false;
        while (!over)
        {
            Task tick = Task.Delay(Tick, CancellationToken.None);
            await (sender.Completion.IsCompleted ? tick : Task.WhenAny(sender.Completion, tick));
            over = IsOver(sender, service, meter.Standstill, interrupted);
            yield return meter.Take(service.Snapshot());
        }
    }

    private bool IsOver(SenderProcess sender, ReceiveService service, TimeSpan standstill, CancellationToken interrupted)
    {
        if (sender.Completion.IsCompleted && _streams.HaveEnded(sender.Streams.Count(stream => stream.Local is not null)))
        {
            return true;
        }

        _ending = interrupted.IsCancellationRequested ? "interrupted"
            : service.Completion.IsCompleted ? "the service stopped"
            : standstill >= options.StallAfter ? $"stalled, nothing arrived for {Quantity.Seconds(options.StallAfter)}"
            : null;
        return _ending is not null;
    }
}
