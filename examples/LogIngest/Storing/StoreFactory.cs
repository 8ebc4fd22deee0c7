using LogIngest.Reporting;
using LogIngest.Settings;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LogIngest.Storing;

/// <summary>Opens a store for each writer, of the kind that the options specify.</summary>
internal sealed class StoreFactory : IAsyncDisposable
{
    private readonly LogIngestOptions _options;
    private readonly IngestMetrics _metrics;
    private readonly PostgresSchema _schema = new();
    private readonly NpgsqlDataSource? _database;

    public StoreFactory(IOptions<LogIngestOptions> options, IngestMetrics metrics)
    {
        _options = options.Value;
        _metrics = metrics;
        _database = _options.Store == StoreKind.Postgres ? NpgsqlDataSource.Create(_options.ConnectionString) : null;
    }

    /// <summary>Opens a store.</summary>
    /// <param name="writer">The number of the writer, from 0.</param>
    public ILogStore Open(int writer)
    {
        MessageReader reader = new(_options.BadInput, _metrics);
        switch (_options.Store)
        {
            case StoreKind.Postgres:
                return new PostgresStore(_database!, _schema, reader);
            case StoreKind.File:
                Directory.CreateDirectory(_options.Directory);
                return new FileStore(reader, Path.Combine(_options.Directory, $"writer-{writer}.jsonl"));
            default:
                return new NullStore(reader);
        }
    }

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;
}
