using Ingest.Commands;
using Ingest.Display;
using Zcrx.Actors;

namespace Ingest.Serving;

/// <summary>Receives until a signal stops the program.</summary>
internal static class ServeRun
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(ServeOptions options)
    {
        string? directory = options.Directory is null ? null : OutputDirectory.Prepare(options.Directory);
        Totals totals = new();
        await using Journal journal = new();
        await using ReceiveService service = await ReceiveService.StartAsync(options.Receive, new Reception(directory, totals, journal).Accept);

        ZcrxStatus started = await service.GetStatusAsync();
        journal.Say($"Engine {started.Queues[0].Engine}");
        journal.Say($"Listening on {service.EndPoint}, {(directory is null ? "counting bytes only" : $"writing to {directory}")}; SIGINT (Ctrl-C) or SIGTERM ends");

        string? failure = await WaitAsync(service);
        journal.Say($"{failure ?? "Stopping"}; delivering what has arrived, for up to {new Values.Duration(options.Receive.Drain)}");
        await service.StopAsync();

        ZcrxStatus ended = await service.GetStatusAsync();
        journal.Say($"{totals}, {Quantity.Of(ended.Queues.Sum(queue => queue.Statistics?.BuffersOut ?? 0), "lease", "leases")} out");
        return failure is null ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>Waits until a signal arrives or the last queue has failed permanently.</summary>
    private static async Task<string?> WaitAsync(ReceiveService service)
    {
        while (!service.Stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(CheckInterval, service.Stopping);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            ZcrxStatus status = await service.GetStatusAsync();
            if (status.Queues.All(queue => queue.State == QueueState.Failed))
            {
                return $"All queues have failed, the last because {status.Queues[^1].LastError?.Message}";
            }
        }

        return null;
    }
}
