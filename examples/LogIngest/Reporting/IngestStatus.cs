using System.Diagnostics;
using Zcrx.Actors;
using Zcrx.Rx;

namespace LogIngest.Reporting;

/// <summary>Represents the current state of the service. It can be serialized as JSON.</summary>
/// <param name="Received">Messages that have arrived.</param>
/// <param name="Stored">Messages that are stored.</param>
/// <param name="Waiting">Messages that have arrived and are not stored yet.</param>
/// <param name="Flagged">Messages that are stored with a flag.</param>
/// <param name="Refused">Messages that are invalid and not stored.</param>
/// <param name="Batches">Batches that are stored.</param>
/// <param name="FailedBatches">Failed attempts to store a batch.</param>
/// <param name="StoreFailure">The reason why batches currently cannot be stored; null if they can.</param>
/// <param name="Connections">Open connections.</param>
/// <param name="Paused">Connections that wait for the store or for buffers.</param>
/// <param name="Pressure">The highest pressure of the pools.</param>
/// <param name="BuffersOut">Buffers that hold unstored messages.</param>
/// <param name="Buffers">Buffers of all pools.</param>
/// <param name="Restarts">Restarts of queues.</param>
/// <param name="Memory">Resident memory of the process, in bytes.</param>
/// <param name="ProcessorTime">Processor time of the process, in seconds.</param>
/// <param name="EndPoint">The address on which the service receives messages.</param>
/// <param name="Program">The path and the version of the program.</param>
internal sealed record IngestStatus(
    long Received,
    long Stored,
    long Waiting,
    long Flagged,
    long Refused,
    long Batches,
    long FailedBatches,
    string? StoreFailure,
    int Connections,
    int Paused,
    string Pressure,
    int BuffersOut,
    int Buffers,
    long Restarts,
    long Memory,
    double ProcessorTime,
    string? EndPoint,
    string Program)
{
    private static readonly string ProgramOfService =
        $"{typeof(IngestStatus).Assembly.Location} {FileVersionInfo.GetVersionInfo(typeof(IngestStatus).Assembly.Location).ProductVersion}";

    public static IngestStatus From(ZcrxStatus zcrx, IngestMetrics metrics, StoreCondition condition)
    {
        using Process process = Process.GetCurrentProcess();
        return new(
            metrics.Received,
            metrics.Stored,
            metrics.Waiting,
            metrics.Flagged,
            metrics.Refused,
            metrics.Batches,
            metrics.FailedBatches,
            condition.Oldest?.Reason,
            zcrx.Queues.Sum(static queue => queue.Connections.Count),
            zcrx.Queues.Sum(static queue => queue.Connections.Count(static connection => connection.State is ZcrxConnectionState.Paused or ZcrxConnectionState.PausedByPressure)),
            zcrx.Queues.Select(static queue => queue.Pressure).DefaultIfEmpty().Max().ToString(),
            zcrx.Queues.Sum(static queue => queue.Statistics?.BuffersOut ?? 0),
            zcrx.Queues.Sum(static queue => queue.Statistics?.Buffers ?? 0),
            zcrx.Queues.Sum(static queue => queue.Restarts),
            process.WorkingSet64,
            process.TotalProcessorTime.TotalSeconds,
            zcrx.Listeners is [var listener, ..] ? listener.EndPoint?.ToString() : null,
            ProgramOfService);
    }
}
