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

    /// <summary>Runs the demo.</summary>
    /// <param name="connections">The number of connections.</param>
    /// <param name="duration">The duration of sending.</param>
    /// <returns>0 if no message was lost.</returns>
    public static async Task<int> RunAsync(int connections, TimeSpan duration)
    {
        if (PostgresPrograms.Find() is not { } programs)
        {
            Console.Error.WriteLine($"demo-logs: {PostgresPrograms.Missing}");
            return 1;
        }

        Console.WriteLine($"PostgreSQL: {programs}");
        await using PostgresCluster database = await PostgresCluster.StartAsync(programs);
        using ServiceProcess service = await ServiceProcess.StartAsync("127.0.0.1:0", "--connection-string", database.ConnectionString);
        Console.WriteLine($"service: syslog over TCP on {service.EndPoint}");
        string run = $"demo-{Guid.NewGuid():N}";
        LoadGenerator load = new(new LoadPlan(service.EndPoint, run, connections, duration));
        using CancellationTokenSource limit = new(duration + StoreLimit);
        Task sending = load.RunAsync(limit.Token);
        await new LiveView().ShowAsync(SnapshotsAsync(load, service, sending));
        await sending;

        await using NpgsqlConnection connection = await database.OpenAsync();
        Verdict verdict = await Verdict.AskAsync(connection, run, load.Sent);
        int exitCode = await service.StopAsync();
        Console.WriteLine(verdict);
        return verdict.Lost == 0 && exitCode == 0 ? 0 : 1;
    }

    private static async IAsyncEnumerable<Snapshot> SnapshotsAsync(LoadGenerator load, ServiceProcess service, Task sending, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long began = Stopwatch.GetTimestamp();
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        while (!sending.IsCompleted)
        {
            await Task.WhenAny(sending, second.WaitForNextTickAsync(cancellationToken).AsTask());
            // The service is asked first: if its answer is slow, the time of the answer must count for the rates, too.
            IngestStatus status = await service.GetStatusAsync();
            yield return new Snapshot(Stopwatch.GetElapsedTime(began), load.Sent, load.BytesQueued, load.LongestStall, status);
        }
    }
}
