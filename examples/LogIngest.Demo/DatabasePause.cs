using System.Globalization;
using LogIngest.Demo.Database;
using LogIngest.Demo.Display;

namespace LogIngest.Demo;

/// <summary>Pauses the database once, and keeps the first and the last snapshot of the pause.</summary>
/// <param name="database">The database.</param>
/// <param name="plan">When to pause.</param>
internal sealed class DatabasePause(PostgresCluster database, PausePlan plan)
{
    private Snapshot? _first;
    private Snapshot? _last;

    /// <summary>Pauses or resumes the database when the planned time has come.</summary>
    /// <param name="elapsed">The time since the beginning of sending.</param>
    public void Advance(TimeSpan elapsed)
    {
        bool isDue = elapsed >= plan.After && elapsed < plan.After + plan.Duration;
        if (isDue && !database.IsPaused && _first is null)
        {
            database.Pause();
        }
        else if (!isDue && database.IsPaused)
        {
            database.Resume();
        }
    }

    /// <summary>Keeps a snapshot if it was taken while the database was paused.</summary>
    public void Record(Snapshot snapshot)
    {
        if (snapshot.IsDatabasePaused)
        {
            _first ??= snapshot;
            _last = snapshot;
        }
    }

    public override string ToString()
    {
        if (_first is not { } first || _last is not { } last)
        {
            return "the database was not paused: sending ended before";
        }

        string[] parts =
        [
            $"in the senders' sockets {Number(first.Queued >> 10)} to {Number(last.Queued >> 10)} KiB",
            $"waiting in the service {Number(first.Service.Waiting)} to {Number(last.Service.Waiting)} messages",
            $"memory of the service {Number(first.Service.Memory >> 20)} to {Number(last.Service.Memory >> 20)} MiB",
            $"paused connections {Number(first.Published.PausedOnPage)} to {Number(last.Published.PausedOnPage)}",
            $"pressure {first.Published.Pressure} to {last.Published.Pressure}",
        ];
        return $"database paused for {Number((long)plan.Duration.TotalSeconds)} s: {string.Join(", ", parts)}";
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
