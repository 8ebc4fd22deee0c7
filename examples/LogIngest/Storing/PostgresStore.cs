using LogIngest.Syslog;
using Npgsql;
using NpgsqlTypes;

namespace LogIngest.Storing;

/// <summary>Copies batches to a table with the binary COPY protocol. Each batch is a separate transaction.</summary>
/// <remarks>The bytes of the fields are copied from the receive buffers to the database connection. No strings are created.</remarks>
internal sealed class PostgresStore(NpgsqlDataSource database, PostgresSchema schema, MessageReader reader) : ILogStore
{
    private const string Copy = """
        COPY logs (boot, connection, position, source, received, facility, severity, sent, host, app, process, message_id, data, message, raw, flags)
        FROM STDIN (FORMAT BINARY)
        """;

    private const string Find = "select exists (select from logs where boot = $1 and connection = $2 and position = $3)";

    // SQLSTATE classes of values that the table does not accept: data exceptions and violated constraints.
    private static readonly string[] ValueErrors = ["22", "23"];

    private NpgsqlConnection? _connection;

    public async Task<InvalidMessages> StoreAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = _connection ??= await OpenAsync(cancellationToken);
        if (batch.FailedAttempts > 0 && await IsStoredAsync(connection, batch, cancellationToken))
        {
            // An earlier attempt has stored the batch, but failed before it returned the counts. The messages are counted now.
            return Count(batch);
        }

        try
        {
            return await CopyAsync(connection, batch, hasFields: true, cancellationToken);
        }
        catch (PostgresException error) when (ValueErrors.Contains(error.SqlState[..2], StringComparer.Ordinal))
        {
            // Stores the messages without their fields, so that one value that the table refuses does not block the other messages of the
            // batch.
            return await CopyAsync(connection, batch, hasFields: false, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await schema.EnsureAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Determines whether a failed attempt has stored the batch. This happens if the connection breaks after the commit.</summary>
    private async Task<bool> IsStoredAsync(NpgsqlConnection connection, LogBatch batch, CancellationToken cancellationToken)
    {
        InvalidMessages unused = new();
        foreach (LogEntry entry in batch.Entries)
        {
            if (!reader.TryRead(in entry, unused, out SyslogMessage _))
            {
                continue;
            }

            // A batch is stored completely or not at all, so it is enough to look for the first message that was not refused.
            await using NpgsqlCommand command = new(Find, connection)
            {
                Parameters = { new() { Value = entry.Stream.Boot }, new() { Value = entry.Stream.Connection }, new() { Value = entry.Position } },
            };
            return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        }

        return true;
    }

    private InvalidMessages Count(LogBatch batch)
    {
        InvalidMessages invalid = new();
        foreach (LogEntry entry in batch.Entries)
        {
            reader.TryRead(in entry, invalid, out SyslogMessage _);
        }

        return invalid;
    }

    private async Task<InvalidMessages> CopyAsync(NpgsqlConnection connection, LogBatch batch, bool hasFields, CancellationToken cancellationToken)
    {
        InvalidMessages invalid = new();
        await using NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync(Copy, cancellationToken);
        foreach (LogEntry entry in batch.Entries)
        {
            if (reader.TryRead(in entry, invalid, out SyslogMessage message))
            {
                await WriteAsync(importer, entry, hasFields ? message : WithoutFields(in message), cancellationToken);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        await importer.CompleteAsync(cancellationToken);
        return invalid;
    }

    private static SyslogMessage WithoutFields(in SyslogMessage message) =>
        new() { Priority = message.Priority, Raw = message.Raw, Flags = message.Flags | MessageFlags.FieldsRefused };

    private static async Task WriteAsync(NpgsqlBinaryImporter importer, LogEntry entry, SyslogMessage message, CancellationToken cancellationToken)
    {
        bool isText = !message.IsBinary && !message.Flags.HasFlag(MessageFlags.FieldsRefused);
        await importer.StartRowAsync(cancellationToken);
        await importer.WriteAsync(entry.Stream.Boot, NpgsqlDbType.Uuid, cancellationToken);
        await importer.WriteAsync(entry.Stream.Connection, NpgsqlDbType.Bigint, cancellationToken);
        await importer.WriteAsync(entry.Position, NpgsqlDbType.Bigint, cancellationToken);
        await importer.WriteAsync(entry.Stream.Source, NpgsqlDbType.Text, cancellationToken);
        await importer.WriteAsync(entry.Received, NpgsqlDbType.TimestampTz, cancellationToken);
        await importer.WriteAsync((short)(message.Priority >> 3), NpgsqlDbType.Smallint, cancellationToken);
        await importer.WriteAsync((short)(message.Priority & 7), NpgsqlDbType.Smallint, cancellationToken);
        await WriteTimeAsync(importer, message.Sent, cancellationToken);
        await WriteAsync(importer, message.Host, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(importer, message.App, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(importer, message.Process, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(importer, message.MessageId, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(importer, isText ? message.Data : default, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(importer, isText ? message.Text : default, NpgsqlDbType.Text, cancellationToken);
        await WriteAsync(importer, isText ? default : message.Raw, NpgsqlDbType.Bytea, cancellationToken);
        await importer.WriteAsync((int)message.Flags, NpgsqlDbType.Integer, cancellationToken);
    }

    private static Task WriteTimeAsync(NpgsqlBinaryImporter importer, DateTime? time, CancellationToken cancellationToken) =>
        time is { } value ? importer.WriteAsync(value, NpgsqlDbType.TimestampTz, cancellationToken) : importer.WriteNullAsync(cancellationToken);

    private static Task WriteAsync(NpgsqlBinaryImporter importer, ReadOnlyMemory<byte> field, NpgsqlDbType type, CancellationToken cancellationToken) =>
        field.IsEmpty ? importer.WriteNullAsync(cancellationToken) : importer.WriteAsync(field, type, cancellationToken);
}
