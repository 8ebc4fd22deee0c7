using System.Globalization;
using Npgsql;

namespace LogIngest.Demo;

/// <summary>Compares what was sent with what the database has.</summary>
/// <param name="Sent">Messages that were sent.</param>
/// <param name="Rows">Rows of the run.</param>
/// <param name="Stored">Different messages among them.</param>
/// <param name="SameKey">Rows that another row has the key of: the service stored a message twice. Other duplicates were sent twice.</param>
internal sealed record Verdict(long Sent, long Rows, long Stored, long SameKey)
{
    public long Lost => Sent - Stored;

    public long Duplicates => Rows - Stored;

    /// <summary>Queries the database.</summary>
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
