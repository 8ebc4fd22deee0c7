using System.Globalization;
using Npgsql;

namespace LogIngest.Demo;

/// <summary>Compares the sent messages with the rows in the database.</summary>
/// <param name="Sent">The number of sent messages.</param>
/// <param name="Rows">The number of rows of the run.</param>
/// <param name="Stored">The number of distinct messages in these rows.</param>
/// <param name="SameKey">
/// The number of rows with the key of an earlier row. The service has stored their messages twice. Duplicates with different keys were
/// sent twice.
/// </param>
internal sealed record Verdict(long Sent, long Rows, long Stored, long SameKey)
{
    public long Lost => Sent - Stored;

    public long Duplicates => Rows - Stored;

    /// <summary>Counts the rows of a run in the database, and compares them with the sent messages.</summary>
    /// <param name="database">The connection.</param>
    /// <param name="run">The name of the run.</param>
    /// <param name="sent">The number of messages that were sent.</param>
    public static async Task<Verdict> AskAsync(NpgsqlConnection database, string run, long sent)
    {
        const string Numbers = "select coalesce(sum(copies), 0)::bigint, count(*) from (select count(*) as copies from logs where app = $1 group by split_part(message, ' ', 1)::bigint) numbers";
        const string Keys = "select coalesce(sum(copies - 1), 0)::bigint from (select count(*) as copies from logs where app = $1 group by boot, connection, position having count(*) > 1) keys";
        await using NpgsqlCommand keys = new(Keys, database) { Parameters = { new() { Value = run } } };
        long sameKey = (long)(await keys.ExecuteScalarAsync())!;
        await using NpgsqlCommand numbers = new(Numbers, database) { Parameters = { new() { Value = run } } };
        await using NpgsqlDataReader reader = await numbers.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Verdict(sent, reader.GetInt64(0), reader.GetInt64(1), sameKey);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"sent {Sent:N0}, stored {Stored:N0}, lost {Lost:N0}, duplicates {Duplicates:N0}{(Duplicates > 0 ? $" ({SameKey:N0} by the service)" : "")}");
}
