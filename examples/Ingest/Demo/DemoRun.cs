using Ingest.Commands;
using Ingest.Display;
using Ingest.Serving;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Starts the service and the sender, watches both, and reports the verdict.</summary>
internal sealed class DemoRun(DemoOptions options, IDemoDisplay display, TextWriter output)
{
    private const int MaxProblems = 10;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private readonly IncomingStreams _streams = new(options.Pace);
    private PoolPressureLevel _highest;
    private string? _ending;

    public async Task<int> RunAsync()
    {
        await using ReceiveService service = await ReceiveService.StartAsync(options.Receive, _streams.Accept, options.Storm is null ? null : options.Storm.Apply);
        using Storm? storm = options.Storm is null ? null : Storm.Prepare(options.Storm, options.Receive, options.Connections);
        ZcrxStatus started = await service.GetStatusAsync();
        await output.WriteLineAsync($"Engine {started.Queues[0].Engine}");
        await output.WriteLineAsync(
            $"{Quantity.Of(options.Connections, "connection", "connections")} of {Quantity.Bytes(options.Volume)} each to {service.EndPoint}, seed {options.Seed}");

        using IDisposable levels = service.Pressure.Subscribe(pressure => _highest = (PoolPressureLevel)Math.Max((int)_highest, (int)pressure.Level));
        using SenderProcess sender = SenderProcess.Start(service.EndPoint, options);
        await display.ShowAsync(WatchAsync(service, sender, storm));

        if (_ending is not null)
        {
            // The demo has ended early, so the sender need not send the rest.
            sender.Kill();
        }

        // Stops the service before the verdict, because only buffers that are still leased after the stop count as lost.
        await service.StopAsync();
        ZcrxStatus ended = await service.GetStatusAsync();
        QueueStatistics[] queues = [.. ended.Queues.Select(queue => queue.Statistics).OfType<QueueStatistics>()];
        await TellCopiesAsync(queues);
        await TellPressureAsync(queues);
        IReadOnlyList<string> unmoved = storm is null ? [] : await TellStormAsync(storm, ended.Rebalancing);
        Verdict verdict = Verdict.Of(
            options,
            sender.Streams,
            [.. _streams.All.Select(stream => stream.Snapshot())],
            _streams.Elapsed,
            _ending,
            ended.Queues.Sum(queue => queue.Statistics?.BuffersOut ?? 0));
        IReadOnlyList<string> problems = [.. sender.Complaints, .. verdict.Problems, .. unmoved];
        foreach (string problem in problems.Take(MaxProblems))
        {
            await output.WriteLineAsync($"  {problem}");
        }

        if (problems.Count > MaxProblems)
        {
            await output.WriteLineAsync($"  … and {problems.Count - MaxProblems} more");
        }

        bool success = verdict.Success && unmoved.Count == 0;
        await output.WriteLineAsync(success ? verdict.Text : $"FAILED: {verdict.Text}");
        return success ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>
    /// Prints the share of the bytes that the kernel copied. Prints nothing without notifications, because the kernel then counts no
    /// copies.
    /// </summary>
    private async Task TellCopiesAsync(IReadOnlyList<QueueStatistics> queues)
    {
        if (queues.Any(queue => queue.CopyArmState != ArmState.Disarmed))
        {
            long copied = queues.Sum(queue => queue.CopiedBytes);
            long received = queues.Sum(queue => queue.BytesReceived);
            await output.WriteLineAsync(
                $"Copied by the kernel: {Quantity.Share(received == 0 ? 0 : Math.Min(1, (double)copied / received))}, {Quantity.Bytes(copied)} of {Quantity.Bytes(received)}");
        }
    }

    /// <summary>Prints the time under pressure and how often connections were paused and resumed, if there was pressure.</summary>
    private async Task TellPressureAsync(IReadOnlyList<QueueStatistics> queues)
    {
        if (_highest != PoolPressureLevel.Normal)
        {
            await output.WriteLineAsync(
                $"Pressure up to {_highest}, for {Quantity.Seconds(queues.Max(queue => queue.TimeUnderPressure))}: "
                + $"{Quantity.Of(queues.Sum(queue => queue.Pauses), "pause", "pauses")}, {Quantity.Of(queues.Sum(Quantity.Resumptions), "resumption", "resumptions")}");
        }
    }

    /// <summary>
    /// Prints the course of the storm and the remedies that were applied. Returns a problem for each expected remedy that is missing.
    /// </summary>
    private async Task<IReadOnlyList<string>> TellStormAsync(Storm storm, RebalancingStatus rebalancing)
    {
        await output.WriteLineAsync(storm.Describe());
        long Moves(MoveReason reason) => rebalancing.Moves.GetValueOrDefault(reason);
        await output.WriteLineAsync(
            $"Rebalancing: {Quantity.Of(Moves(MoveReason.Placement), "connection", "connections")} placed, {Moves(MoveReason.ForeignMemory)} moved to the queue with their bytes, "
            + $"{Moves(MoveReason.CopyStorm) + Moves(MoveReason.Pressure)} moved by plan, {Quantity.Of(rebalancing.FlowsSteered, "flow", "flows")} steered, {storm.Degraded} degraded");
        return storm.FindProblems();
    }

    private async IAsyncEnumerable<DemoSnapshot> WatchAsync(ReceiveService service, SenderProcess sender, Storm? storm)
    {
        ProgressMeter meter = new(_streams, options.TotalVolume);
        bool over = false;
        while (!over)
        {
            Task tick = Task.Delay(Tick);
            await (sender.Completion.IsCompleted ? tick : Task.WhenAny(sender.Completion, tick));
            ZcrxStatus status = await service.GetStatusAsync();
            over = IsOver(sender, status, meter.Standstill, service.Stopping.IsCancellationRequested);
            DemoSnapshot snapshot = meter.Take([.. status.Queues.Select(queue => queue.Statistics).OfType<QueueStatistics>()]);
            if (storm is { IsRemedied: false })
            {
                storm.Watch(snapshot, status.Rebalancing);
                if (storm.IsRemedied)
                {
                    sender.EndStreams();
                }
            }

            yield return snapshot;
        }
    }

    private bool IsOver(SenderProcess sender, ZcrxStatus status, TimeSpan standstill, bool interrupted)
    {
        if (interrupted)
        {
            // The terminal sends SIGINT to the sender, too. The broken streams of the sender are therefore expected.
            _ending = "interrupted";
            return true;
        }

        if (sender.Completion.IsCompleted && _streams.HaveEnded(sender.Streams.Count(stream => stream.Local is not null)))
        {
            return true;
        }

        QueueStatus? failed = status.Queues.FirstOrDefault(queue => queue.State == QueueState.Failed);
        _ending = failed is not null ? $"{failed.Name} failed ({failed.LastError?.Message})"
            : standstill >= options.StallAfter ? $"stalled, nothing arrived for {Quantity.Seconds(options.StallAfter)}"
            : null;
        return _ending is not null;
    }
}
