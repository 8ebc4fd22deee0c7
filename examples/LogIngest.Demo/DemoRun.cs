using System.Diagnostics;
using System.Runtime.CompilerServices;
using LogIngest.Demo.Database;
using LogIngest.Demo.Display;
using LogIngest.Demo.Load;
using LogIngest.Demo.Processes;
using LogIngest.Reporting;
using Npgsql;

namespace LogIngest.Demo;

/// <summary>Starts a database and the service, sends messages for a while, and compares the stored messages with the sent ones.</summary>
internal static class DemoRun
{
    private static readonly TimeSpan StoreLimit = TimeSpan.FromMinutes(5);

    // The pool is so small that the unstored messages exceed its high water mark during a pause of the database. The run thus shows
    // pressure.
    private static readonly string[] SmallPool = ["--Zcrx:Queues:0:Name", "syslog", "--Zcrx:Queues:0:AreaSize", "16MiB"];

    /// <summary>Runs the demo.</summary>
    /// <returns>0 if no message was lost.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled, or the messages were not stored in time.</exception>
    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        if (PostgresPrograms.Find() is not { } programs)
        {
            Console.Error.WriteLine($"demo-logs: {PostgresPrograms.Missing}");
            return 1;
        }

        Console.WriteLine($"PostgreSQL: {programs}");
        await using PostgresCluster database = await PostgresCluster.StartAsync(programs);
        using ServiceProcess service = await ServiceProcess.StartAsync("127.0.0.1:0", ["--connection-string", database.ConnectionString, .. options.Pause is not null ? SmallPool : []]);
        Console.WriteLine($"service: syslog over TCP on {service.EndPoint}, page at {service.Page}");
        string run = $"demo-{Guid.NewGuid():N}";
        LoadGenerator load = new(new LoadPlan(service.EndPoint, run, options.Connections, options.Duration) { Rate = (double?)options.Rate / options.Connections });
        DatabasePause? pause = options.Pause is { } plan ? new DatabasePause(database, plan) : null;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Duration + (options.Pause?.Duration ?? TimeSpan.Zero) + StoreLimit);
        Task sending = load.RunAsync(limit.Token);
        await new LiveView().ShowAsync(SnapshotsAsync(database, load, service, pause, sending, limit.Token));
        await sending;

        await using NpgsqlConnection connection = await database.OpenAsync();
        Verdict verdict = await Verdict.AskAsync(connection, run, load.Sent);
        int exitCode = await service.StopAsync();
        if (pause is not null)
        {
            Console.WriteLine(pause);
        }

        Console.WriteLine(verdict);
        return verdict.Lost == 0 && exitCode == 0 ? 0 : 1;
    }

    private static async IAsyncEnumerable<Snapshot> SnapshotsAsync(
        PostgresCluster database,
        LoadGenerator load,
        ServiceProcess service,
        DatabasePause? pause,
        Task sending,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long began = Stopwatch.GetTimestamp();
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        while (!sending.IsCompleted)
        {
            await Task.WhenAny(sending, second.WaitForNextTickAsync(cancellationToken).AsTask());
            // The elapsed time is read after the status. A time from before a slow answer would make the rates too high.
            IngestStatus status = await service.GetStatusAsync();
            Snapshot snapshot = new(Stopwatch.GetElapsedTime(began), load.Sent, load.BytesQueued, load.LongestStall, status, await service.GetPublishedStateAsync(), database.IsPaused);
            pause?.Record(snapshot);
            yield return snapshot;
            pause?.Advance(Stopwatch.GetElapsedTime(began));
        }
    }
}
