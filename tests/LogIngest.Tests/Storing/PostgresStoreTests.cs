using System.Buffers;
using LogIngest.Demo;
using LogIngest.Demo.Load;
using LogIngest.Settings;
using LogIngest.Storing;
using LogIngest.Syslog;
using LogIngest.Tests.Support;
using Npgsql;

namespace LogIngest.Tests.Storing;

[Collection(DatabaseCollection.Name)]
public sealed class PostgresStoreTests(Database database)
{
    [SkippableFact]
    public async Task Fields_and_key_of_a_message_are_in_the_table()
    {
        await using ServiceHost service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, "<165>1 2003-10-11T22:14:15.003Z host fields 12 ID47 [a b=\"\u00e4\"] text \u20ac\n<14>Oct 11 22:14:15 old fields[7]: second\n"u8.ToArray()));

        Assert.Equal(
            [
                "0|127.0.0.1|20|5|2003-10-11 22:14:15.003|host|12|ID47|[a b=\"\u00e4\"]|text \u20ac||0",
                "72|127.0.0.1|1|6|10-11 22:14:15|old|7|||second||0",
            ],
            await database.QueryAsync("""
                select position, source, facility, severity, case when position = 0 then to_char(sent at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') else to_char(sent at time zone 'UTC', 'MM-DD HH24:MI:SS') end,
                    host, process, message_id, data, message, encode(raw, 'hex'), flags
                from logs where app = 'fields' order by position
                """));
    }

    [SkippableFact]
    public async Task Messages_that_are_not_text_are_stored_as_bytes()
    {
        await using ServiceHost service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, [.. "33 <13>Oct 11 22:14:15 h binary: a\0b32 <13>Oct 11 22:14:15 h binary: c"u8, 0xff]));

        string header = Convert.ToHexStringLower("<13>Oct 11 22:14:15 h binary: "u8);
        Assert.Equal([$"|{header}610062|64", $"|{header}63ff|32"], await database.QueryAsync("select message, encode(raw, 'hex'), flags from logs where app = 'binary' order by position"));
    }

    [SkippableFact]
    public async Task Message_over_several_buffers_arrives_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 10_000).Select(static number => $"{number} "));
        await using ServiceHost service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, System.Text.Encoding.ASCII.GetBytes($"<13>1 - h long - - - {text}\n")));

        Assert.Equal([text], await database.QueryAsync("select message from logs where app = 'long'"));
    }

    [SkippableFact]
    public async Task Value_that_the_table_refuses_does_not_stop_the_others()
    {
        await using ServiceHost service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, "<13>1 - h before - - - x\n"u8.ToArray()));
        await database.QueryAsync("alter table logs add constraint no_evil check (host <> 'evil')");
        try
        {
            Assert.True(await Client.SendAsync(service.EndPoint, "<13>1 - evil refusal - - - a\n<13>1 - good refusal - - - b\n"u8.ToArray()));
        }
        finally
        {
            await database.QueryAsync("alter table logs drop constraint no_evil");
        }

        Assert.Equal(
            ["|<13>1 - evil refusal - - - a|128", "|<13>1 - good refusal - - - b|128"],
            await database.QueryAsync("select host, convert_from(raw, 'UTF8'), flags from logs where position('refusal'::bytea in raw) > 0 order by position"));
    }

    [SkippableFact]
    public async Task Duplicates_are_visible_by_their_key_and_can_be_removed()
    {
        await using ServiceHost service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, "<13>1 - h twice - - - a\n<13>1 - h twice - - - b\n<13>1 - h twice - - - c\n"u8.ToArray()));
        await database.QueryAsync("insert into logs select * from logs where app = 'twice' and message <> 'c'");
        await database.QueryAsync("insert into logs select * from logs where app = 'twice' and message = 'a' limit 1");

        Assert.Equal(["0|3", "24|2"], await database.QueryAsync("select position, copies from log_duplicates order by position"));
        Assert.Equal(["3"], await database.QueryAsync("select log_remove_duplicates()"));
        Assert.Equal(["a", "b", "c"], await database.QueryAsync("select message from logs where app = 'twice' order by message"));
        Assert.Empty(await database.QueryAsync("select * from log_duplicates"));
    }

    [SkippableFact]
    public async Task Batch_that_is_stored_although_its_attempt_failed_is_not_stored_again()
    {
        await using ServiceHost service = await StartAsync();
        Assert.True(await Client.SendAsync(service.EndPoint, "<13>1 - h commit - - - first\n"u8.ToArray()));
        string boot = Assert.Single(await database.QueryAsync("select boot from logs where app = 'commit'"));
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(database.Cluster.ConnectionString);
        await using PostgresStore store = new(source, new PostgresSchema(), new MessageReader(BadInputPolicy.Store));
        LogEntry entry = new(new LogStream(Guid.Parse(boot), 77, "here"), 5, DateTime.UtcNow, MessageFlags.None, new ReadOnlySequence<byte>("<13>1 - h commit - - - second"u8.ToArray()));
        LogBatch batch = new(1, [entry, entry with { Position = 6 }]);

        // Simulates a connection that breaks after the commit and before its reply. The batch is stored, but the attempt has failed.
        await store.StoreAsync(batch, CancellationToken.None);
        await store.StoreAsync(batch with { FailedAttempts = 1 }, CancellationToken.None);
        Assert.Equal(["first|1", "second|2"], await database.QueryAsync("select message, count(*) from logs where app = 'commit' group by message order by message"));

        await store.StoreAsync(batch with { Entries = [entry with { Position = 7 }], FailedAttempts = 1 }, CancellationToken.None);
        Assert.Equal(["5", "6", "7"], await database.QueryAsync("select position from logs where app = 'commit' and connection = 77 order by position"));
    }

    [SkippableFact]
    public async Task Demo_counts_sent_stored_lost_and_duplicated_messages()
    {
        await using ServiceHost service = await StartAsync();
        LoadGenerator load = new(new LoadPlan(service.EndPoint, "demo-count", 6, TimeSpan.FromSeconds(1)));
        await load.RunAsync(CancellationToken.None).Within("the load ends");
        await database.QueryAsync("insert into logs select * from logs where app = 'demo-count' limit 3");
        await database.QueryAsync("delete from logs where ctid in (select ctid from logs where app = 'demo-count' and (boot, connection, position) not in (select boot, connection, position from log_duplicates) limit 2)");

        await using NpgsqlConnection connection = await database.Cluster.OpenAsync();
        Verdict verdict = await Verdict.AskAsync(connection, "demo-count", load.Sent);

        Assert.True(load.Sent > 0);
        Assert.Equal(load.Sent + 1, verdict.Rows);
        Assert.Equal((2, 3, 3), (verdict.Lost, verdict.Duplicates, verdict.SameKey));
        await database.QueryAsync("select log_remove_duplicates()");
    }

    private Task<ServiceHost> StartAsync(params string[] arguments) => ServiceHost.StartAsync(["--connection-string", database.Cluster.ConnectionString, .. arguments]);
}
