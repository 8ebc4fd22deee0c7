using System.Globalization;
using LogIngest.Demo.Database;
using LogIngest.Demo.Display;

namespace LogIngest.Demo;

/// <summary>Pauses the database once, and remembers the run's state at both ends of the pause.</summary>
/// <param name="database">The database.</param>
/// <param name="plan">When to pause.</param>
internal sealed class DatabasePause(PostgresCluster database, PausePlan plan)
{
    private Snapshot? _first;
    private Snapshot? _last;

    /// <summary>Pauses or resumes the database if it is time to.</summary>
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

    /// <summary>Records a state during the pause.</summary>
    public void Record(Snapshot snapshot)
    {
        if (snapshot.IsDatabasePaused)
        {
            _first ??= snapshot;
            _last = snapshot;
        }
    }

    public override string ToString() => _first is { } first && _last is { } last
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"database paused for {plan.Duration.TotalSeconds:N0} s: in the senders' sockets {first.Queued >> 10:N0} to {last.Queued >> 10:N0} KiB, waiting in the service {first.Service.Waiting:N0} to {last.Service.Waiting:N0} messages, memory of the service {first.Service.Memory >> 20:N0} to {last.Service.Memory >> 20:N0} MiB, paused connections {first.Published.PausedInMetrics} to {last.Published.PausedInMetrics}, pressure {first.Published.Pressure} to {last.Published.Pressure}")
        : "the database was not paused: sending ended before";
}
