using LogIngest.Demo.Database;
using Npgsql;

namespace LogIngest.Tests.Support;

/// <summary>Shares one PostgreSQL server between all tests that need one. These tests run one after another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DatabaseCollection : ICollectionFixture<Database>
{
    public const string Name = "database";
}

/// <summary>Represents the shared PostgreSQL server. There is none if PostgreSQL is not installed.</summary>
public sealed class Database : IAsyncLifetime
{
    private PostgresCluster? _cluster;

    /// <summary>Gets the server. Skips the test if there is none.</summary>
    internal PostgresCluster Cluster
    {
        get
        {
            Skip.If(_cluster is null, PostgresPrograms.Missing);
            return _cluster;
        }
    }

    public async Task InitializeAsync()
    {
        if (PostgresPrograms.Find() is { } programs)
        {
            _cluster = await PostgresCluster.StartAsync(programs);
        }
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    /// <summary>Runs a query, and returns each row as text.</summary>
    internal async Task<string[]> QueryAsync(string query, params object[] parameters)
    {
        await using NpgsqlConnection connection = await Cluster.OpenAsync();
        await using NpgsqlCommand command = new(query, connection);
        foreach (object parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        List<string> rows = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(field => reader.IsDBNull(field) ? "" : Convert.ToString(reader.GetValue(field), System.Globalization.CultureInfo.InvariantCulture))));
        }

        return [.. rows];
    }
}
