using LogIngest.Demo.Processes;
using LogIngest.Reporting;

namespace LogIngest.Demo.Display;

/// <summary>Represents the state of the run at one moment.</summary>
/// <param name="Elapsed">The time since the beginning of the run.</param>
/// <param name="Sent">The number of sent messages.</param>
/// <param name="Queued">The number of bytes that wait in the senders' sockets.</param>
/// <param name="Stall">The longest time that a sender had to wait.</param>
/// <param name="Service">The status of the service.</param>
/// <param name="Published">The figures in the metrics and on the dashboard.</param>
/// <param name="IsDatabasePaused">Whether the database is paused.</param>
internal sealed record Snapshot(
    TimeSpan Elapsed,
    long Sent,
    long Queued,
    TimeSpan Stall,
    IngestStatus Service,
    PublishedState Published,
    bool IsDatabasePaused);
