using Npgsql;

namespace LogIngest.Storing;

/// <summary>Creates the table, and the index, view and function that find and remove duplicates.</summary>
/// <remarks>
/// Queries use the index on the key to find duplicates and to remove them. They also use it to check whether a batch was stored before its
/// connection failed.
/// </remarks>
internal sealed class PostgresSchema
{
    private const string Script = """
        select pg_advisory_xact_lock(5514);
        create table if not exists logs (
            boot uuid not null,
            connection bigint not null,
            position bigint not null,
            source text not null,
            received timestamptz not null,
            facility smallint not null,
            severity smallint not null,
            sent timestamptz,
            host text,
            app text,
            process text,
            message_id text,
            data text,
            message text,
            raw bytea,
            flags integer not null);
        create index if not exists logs_key on logs (boot, connection, position);
        create or replace view log_duplicates as
            select boot, connection, position, count(*) as copies from logs group by boot, connection, position having count(*) > 1;
        create or replace function log_remove_duplicates() returns bigint language sql as $$
            with removed as (
                delete from logs a using logs b
                where a.boot = b.boot and a.connection = b.connection and a.position = b.position and a.ctid > b.ctid
                returning a.ctid)
            select count(distinct ctid) from removed
            $$;
        """;

    private volatile bool _isCreated;

    /// <summary>Creates missing objects. Concurrent callers wait for each other in the database.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_isCreated)
        {
            return;
        }

        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using NpgsqlCommand command = new(Script, connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _isCreated = true;
    }
}
