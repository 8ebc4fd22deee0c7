using System.Globalization;
using System.Net.Sockets;
using Akka.Actor;
using LogIngest.Demo;
using LogIngest.Demo.Database;
using LogIngest.Demo.Load;
using LogIngest.Demo.Processes;
using LogIngest.Reporting;
using LogIngest.Storing;
using LogIngest.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit.Abstractions;
using Zcrx.Interop;
using Zcrx.Rx;

namespace LogIngest.Tests.Failures;

/// <summary>Tests failures under load. No message may be lost. Each test prints its measurements.</summary>
[Collection(DatabaseCollection.Name)]
public sealed class FailureTests(Database database, ITestOutputHelper output)
{
    private const int Connections = 3;
    private const int Window = 1_000;

    [SkippableFact]
    public async Task Database_that_crashes_and_returns_loses_no_message()
    {
        using ServiceProcess service = await StartAsync();
        LoadGenerator load = new(new LoadPlan(service.EndPoint, "db-crash", Connections, TimeSpan.FromSeconds(5)) { Rate = 3_000 });
        Task sending = load.RunAsync(CancellationToken.None);
        await UntilAsync(service, static status => status.Stored > 1_000, "messages are stored");
        IngestStatus before = await service.GetStatusAsync();

        await database.Cluster.CrashServerAsync();
        await UntilAsync(service, static status => status.StoreFailure is not null && status.FailedBatches > 2, "the store fails");
        Assert.Contains("Degraded", await service.GetHealthAsync(), StringComparison.Ordinal);
        await database.Cluster.StartServerAsync();

        await sending.Within("everything is stored");
        await ReportAsync("database crashed and restarted", "db-crash", load.Sent, load.LongestStall, before, await service.GetStatusAsync());
        Assert.Contains("Healthy", await service.GetHealthAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Refused_messages_are_counted_once_when_the_database_is_down_at_first()
    {
        await using ServiceHost service = await ServiceHost.StartAsync(["--connection-string", database.Cluster.ConnectionString, "--bad-input", "refuse"]);
        await database.Cluster.CrashServerAsync();
        Task<bool> sending;
        try
        {
            sending = Client.SendAsync(service.EndPoint, [.. Client.Lines("refused-later", 2), .. "<999>bad\n"u8]);
            await Deadline.UntilAsync(() => service.Metrics.FailedBatches > 1, "the store fails more than once");
            Assert.Equal((0, 0, 3), (service.Metrics.Stored, service.Metrics.Refused, service.Metrics.Waiting));
        }
        finally
        {
            await database.Cluster.StartServerAsync();
        }

        Assert.True(await sending.Within("the messages are stored"));
        Assert.Equal((2, 1, 0), (service.Metrics.Stored, service.Metrics.Refused, service.Metrics.Waiting));
        Assert.Equal(["2"], await database.QueryAsync("select count(*) from logs where app = 'refused-later'"));
    }

    [SkippableFact]
    public async Task Service_that_stops_while_the_database_is_down_resets_its_senders_and_reports_what_is_not_stored()
    {
        const int Messages = 500;
        using ServiceProcess service = await StartAsync("--Zcrx:DrainTimeout", "00:00:01");
        Assert.True(await Client.SendAsync(service.EndPoint, Client.Lines("stop-stored", Messages)));
        await database.Cluster.CrashServerAsync();
        using Socket sender = await Client.ConnectAsync(service.EndPoint);
        using Socket idle = await Client.ConnectAsync(service.EndPoint);
        await sender.SendAsync(Client.Lines("stop-waiting", Messages)).Within("the messages are sent");
        // The window is so large that the service receives all these messages and does not pause the connection.
        await UntilAsync(service, static status => status is { Waiting: Messages, Connections: 2, StoreFailure: not null }, "the messages wait");

        int exitCode = await service.StopAsync();
        await database.Cluster.StartServerAsync();

        Assert.Equal(0, exitCode);
        SocketException error = await Assert.ThrowsAsync<SocketException>(() => sender.ReceiveAsync(new byte[1]).Within("the service ends the connection"));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        Assert.Equal(0, await idle.ReceiveAsync(new byte[1]).Within("the service closes the connection"));
        Assert.Contains("has reset 1 connection(s)", service.Output, StringComparison.Ordinal);
        Assert.Contains($"{Messages} received messages are not stored", service.Output, StringComparison.Ordinal);
        // The messages that the service has reported as not stored must not be stored. All others must be.
        Assert.Equal([$"{Messages}|0"], await database.QueryAsync("select count(*) filter (where app = 'stop-stored'), count(*) filter (where app = 'stop-waiting') from logs"));
    }

    [SkippableFact]
    public async Task Table_that_is_locked_slows_the_senders_down_and_the_service_holds_no_more_than_its_windows()
    {
        using ServiceProcess service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, "<13>1 - h creates-the-table - - - x\n"u8.ToArray()));
        IngestStatus idle = await service.GetStatusAsync();
        await using NpgsqlConnection connection = await database.Cluster.OpenAsync();
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        await using (NpgsqlCommand command = new("lock table logs in access exclusive mode", connection, transaction))
        {
            await command.ExecuteNonQueryAsync();
        }

        LoadGenerator load = new(new LoadPlan(service.EndPoint, "db-lock", Connections, TimeSpan.FromSeconds(4)));
        Task sending = load.RunAsync(CancellationToken.None);
        await UntilAsync(service, status => status.Paused == Connections && load.LongestStall > TimeSpan.FromSeconds(1), "all senders wait");
        IngestStatus before = await service.GetStatusAsync();
        long queued = load.BytesQueued;
        await Deadline.UntilAsync(async () => (await service.GetPublishedStateAsync()).PausedOnPage == Connections, () => "the dashboard shows the paused connections");
        await UntilAsync(service, _ => load.LongestStall > TimeSpan.FromSeconds(5), "the senders still wait");
        IngestStatus after = await service.GetStatusAsync();
        Assert.True(queued > 0, "bytes wait in the senders' sockets");
        Assert.Equal(Connections * Window, before.Waiting);
        Assert.Equal(Connections * Window, after.Waiting);
        Assert.Equal(before.BuffersOut, after.BuffersOut);
        output.WriteLine($"while locked: {queued:N0} bytes in the senders' sockets, {after.Waiting:N0} messages and {after.BuffersOut} buffers in the service");
        await transaction.RollbackAsync();

        await sending.Within("everything is stored");
        await ReportAsync("table locked", "db-lock", load.Sent, load.LongestStall, idle, await service.GetStatusAsync());
    }

    [SkippableFact]
    public async Task Database_that_pauses_fills_the_sockets_of_paced_senders_and_not_the_service()
    {
        const int Growth = 1 << 20;
        const int MemoryNoise = 48 << 20;
        // The pool has fewer buffers than the windows of the connections need, so it must pause connections.
        using ServiceProcess service = await StartAsync("--Zcrx:Queues:0:Name", "small", "--Zcrx:Queues:0:AreaSize", "1MiB");
        using CancellationTokenSource end = new();
        LoadGenerator load = new(new LoadPlan(service.EndPoint, "db-pause", Connections, Deadline.Limit * 2) { Rate = 1_000, TextLength = 500 });
        Task sending = load.RunAsync(CancellationToken.None, end.Token);
        await UntilAsync(service, static status => status.Stored > 3_000, "messages are stored");
        IngestStatus idle = await service.GetStatusAsync();
        long calm = load.BytesQueued;

        database.Cluster.Pause();
        IngestStatus before;
        IngestStatus after;
        long first;
        try
        {
            await Deadline.UntilAsync(() => load.BytesQueued > calm + Growth, () => $"bytes wait in the senders' sockets, not {load.BytesQueued}");
            before = await service.GetStatusAsync();
            first = load.BytesQueued;
            PublishedState? published = null;
            await Deadline.UntilAsync(
                async () => (published = await service.GetPublishedStateAsync()) is { PausedInMetrics: > 0, PausedOnPage: > 0, Pressure: not "normal", Pauses: > 0 },
                () => $"metrics and dashboard show the pressure and the pauses: {published}");
            await Deadline.UntilAsync(() => load.BytesQueued > first + Growth, () => $"the senders' queues grow beyond {first}, not {load.BytesQueued}");
            after = await service.GetStatusAsync();
            output.WriteLine($"{published}; senders' sockets {calm:N0}, {first:N0}, {load.BytesQueued:N0} bytes");
        }
        finally
        {
            database.Cluster.Resume();
        }

        Assert.InRange(after.Waiting, 1, Connections * Window);
        Assert.InRange(after.BuffersOut, 1, after.Buffers);
        Assert.Equal(256, after.Buffers);
        Assert.InRange(after.Memory - idle.Memory, long.MinValue, MemoryNoise);
        await end.CancelAsync();
        await sending.Within("everything is stored");
        await ReportAsync("database paused", "db-pause", load.Sent, load.LongestStall, idle, await service.GetStatusAsync());
    }

    [SkippableFact]
    public async Task Full_disk_of_the_database_loses_no_message_once_space_is_free_again()
    {
        const long Size = 96 << 20;
        const long Left = 4 << 20;
        Skip.If(PostgresPrograms.Find() is null, PostgresPrograms.Missing);
        Skip.IfNot(await SmallDisk.IsPermittedAsync(), "A disk of its own needs CAP_SYS_ADMIN.");
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(PostgresPrograms.Find()!, Size);
        using ServiceProcess service = await StartAsync("--connection-string", cluster.ConnectionString);
        cluster.Disk!.Fill(Left);
        LoadGenerator load = new(new LoadPlan(service.EndPoint, "disk-full", Connections, TimeSpan.FromSeconds(4)) { Rate = 5_000 });
        IngestStatus before = await service.GetStatusAsync();
        Task sending = load.RunAsync(CancellationToken.None);
        await UntilAsync(
            service, static status => status.FailedBatches > 2 && status.StoreFailure?.Contains("No space left on device", StringComparison.Ordinal) == true, "the disk is full");
        Assert.Contains("Degraded", await service.GetHealthAsync(), StringComparison.Ordinal);

        cluster.Disk.Free();

        await sending.Within("everything is stored");
        await ReportAsync("disk full", "disk-full", load.Sent, load.LongestStall, before, await service.GetStatusAsync(), cluster);
        Assert.Contains("Healthy", await service.GetHealthAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Service_that_is_killed_and_restarted_loses_no_message_of_a_sender_that_repeats()
    {
        const int Messages = 60_000;
        using ServiceProcess killed = await StartAsync("--LogIngest:Acknowledge", "true");
        ResendingSender sender = new(killed.EndPoint, "killed", Messages);
        Task sending = sender.RunAsync(CancellationToken.None);
        await Deadline.UntilAsync(() => sender.Confirmed > Messages / 4, () => $"a quarter is confirmed, not {sender.Confirmed}");
        IngestStatus before = await killed.GetStatusAsync();

        await killed.KillAsync();
        using ServiceProcess service = await StartOnAsync(killed.EndPoint.ToString(), "--LogIngest:Acknowledge", "true");

        await sending.Within("everything is confirmed");
        Assert.True(sender.Reconnects > 0, "the sender has connected again");
        await ReportAsync("service killed with SIGKILL and restarted", "killed", Messages, sender.LongestStall, before, await service.GetStatusAsync());
    }

    [SkippableFact]
    public async Task Queue_that_crashes_loses_no_message_of_a_sender_that_repeats()
    {
        const int Messages = 60_000;
        EmulatedFaultPlan faults = new();
        await using ServiceHost service = await ServiceHost.StartAsync(
            ["--connection-string", database.Cluster.ConnectionString, "--LogIngest:Acknowledge", "true", "--LogIngest:Window", $"{Window}"],
            zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = "faulty", Engine = ZcrxEngine.Emulated, AreaSize = 16.MiB(), Emulation = new EmulatedKernelOptions { Faults = faults } }));
        ResendingSender sender = new(service.EndPoint, "queue-crash", Messages);
        Task sending = sender.RunAsync(CancellationToken.None);
        await Deadline.UntilAsync(() => sender.Confirmed > Messages / 4, () => $"a quarter is confirmed, not {sender.Confirmed}");
        IngestStatus before = await service.GetStatusAsync();

        faults.BreakRings(1);

        await sending.Within("everything is confirmed");
        IngestStatus after = await service.GetStatusAsync();
        Assert.Equal(1, after.Restarts);
        output.WriteLine($"connections of the sender beyond the first: {sender.Reconnects}");
        await ReportAsync("queue crashed", "queue-crash", Messages, sender.LongestStall, before, after);
    }

    [SkippableFact]
    public async Task Takeover_by_a_new_process_under_load_loses_no_message()
    {
        using TempDirectory directory = new();
        // The successor is the build in the directory ZCRX_LOGINGEST_NEXT, or else a copy of this build.
        string program = Environment.GetEnvironmentVariable("ZCRX_LOGINGEST_NEXT") ?? CopyProgram(directory["next"]);
        string[] takeover = ["--Zcrx:Takeover:Path", directory["takeover.sock"], "--Zcrx:Takeover:Linger", "00:01:00"];
        using ServiceProcess old = await StartAsync(takeover);
        using CancellationTokenSource end = new();
        LoadGenerator load = new(new LoadPlan(old.EndPoint, "takeover", Connections, Deadline.Limit) { Rate = 1_000 });
        Task sending = load.RunAsync(CancellationToken.None, end.Token);
        await UntilAsync(old, static status => status.Stored > 1_000, "messages are stored");
        IngestStatus before = await old.GetStatusAsync();

        using ServiceProcess next = await ServiceProcess.StartFromAsync(program, old.EndPoint.ToString(), Arguments(takeover));
        LoadGenerator later = new(new LoadPlan(next.EndPoint, "after-takeover", Connections, TimeSpan.FromSeconds(1)));
        await later.RunAsync(CancellationToken.None).Within("the new process stores");
        await end.CancelAsync();
        await sending.Within("the old process stores the rest");

        IngestStatus after = await next.GetStatusAsync();
        Assert.Equal(later.Sent, after.Stored);
        Assert.StartsWith(program, after.Program, StringComparison.Ordinal);
        output.WriteLine($"{before.Program} was replaced by {after.Program}");
        await ReportAsync("takeover, connections of the old process", "takeover", load.Sent, load.LongestStall, before, after);
        await ReportAsync("takeover, connections of the new process", "after-takeover", later.Sent, later.LongestStall, before, after);
    }

    [SkippableTheory]
    [InlineData("writer-0/storer")]
    [InlineData("writer-0")]
    public async Task Writer_that_crashes_loses_no_message(string actor)
    {
        string run = $"crash-{actor.Length}";
        CountingStores stores = new();
        await using ServiceHost service = await ServiceHost.StartAsync(
            ["--connection-string", database.Cluster.ConnectionString, "--LogIngest:Writers", "1", "--LogIngest:Window", $"{Window}"],
            services: services => services.AddSingleton<StoreFactory>().AddSingleton<ILogStores>(provider => stores.Over(provider.GetRequiredService<StoreFactory>())));
        using CancellationTokenSource end = new();
        LoadGenerator load = new(new LoadPlan(service.EndPoint, run, Connections, Deadline.Limit * 2));
        Task sending = load.RunAsync(CancellationToken.None, end.Token);
        IngestStatus before = await service.GetStatusAsync();
        for (int crash = 1; crash <= 5; crash++)
        {
            long stored = service.Metrics.Stored;
            await Deadline.UntilAsync(() => service.Metrics.Stored > stored, "the writer stores");
            int opened = stores.Opened;
            service.ActorSystem.ActorSelection($"/user/ingest/writers/{actor}").Tell(Kill.Instance);
            await Deadline.UntilAsync(() => stores.Opened > opened, "the restarted writer opens its store");
        }

        await end.CancelAsync();
        await sending.Within("everything is stored");
        await ReportAsync($"{actor} crashed 5 times", run, load.Sent, load.LongestStall, before, await service.GetStatusAsync());
    }

    private Task<ServiceProcess> StartAsync(params string[] arguments) => StartOnAsync("127.0.0.1:0", arguments);

    private Task<ServiceProcess> StartOnAsync(string listen, params string[] arguments) => ServiceProcess.StartAsync(listen, Arguments(arguments));

    private string[] Arguments(string[] more) =>
        ["--connection-string", database.Cluster.ConnectionString, "--Zcrx:Engine", "emulated", "--LogIngest:Window", Window.ToString(CultureInfo.InvariantCulture), .. more];

    /// <summary>Copies the program of the service, as if another version were installed.</summary>
    private static string CopyProgram(string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        return to;
    }

    private static Task UntilAsync(ServiceProcess service, Func<IngestStatus, bool> condition, string expectation)
    {
        IngestStatus? last = null;
        return Deadline.UntilAsync(async () => condition(last = await service.GetStatusAsync()), () => $"{expectation}; {last}");
    }

    private async Task ReportAsync(string failure, string run, long sent, TimeSpan stall, IngestStatus before, IngestStatus after, PostgresCluster? cluster = null)
    {
        await using NpgsqlConnection connection = await (cluster ?? database.Cluster).OpenAsync();
        Verdict verdict = await Verdict.AskAsync(connection, run, sent);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{failure}: {verdict}; longest stall {stall.TotalMilliseconds:N0} ms; memory {before.Memory >> 20} MiB before, {after.Memory >> 20} MiB after"));
        Assert.True(sent > 0);
        Assert.Equal(0, verdict.Lost);
        Assert.Equal(0, verdict.SameKey);
    }
}
