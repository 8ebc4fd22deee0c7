using LogIngest.Settings;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LogIngest.Storing;

/// <summary>Opens a store for each writer, of the kind that the options specify.</summary>
internal sealed class StoreFactory : ILogStores, IAsyncDisposable
{
    private readonly LogIngestOptions _options;
    private readonly PostgresSchema _schema = new();
    private readonly NpgsqlDataSource? _database;

    public StoreFactory(IOptions<LogIngestOptions> options)
    {
        _options = options.Value;
        _database = _options.Store == StoreKind.Postgres ? NpgsqlDataSource.Create(_options.ConnectionString) : null;
    }

    /// <inheritdoc/>
    public ILogStore Open(int writer)
    {
        MessageReader reader = new(_options.BadInput);
        switch (_options.Store)
        {
            case StoreKind.Postgres:
                return new PostgresStore(_database!, _schema, reader);
            case StoreKind.File:
                Directory.CreateDirectory(_options.Directory);
                return FileStore.Open(reader, _options.Directory, writer);
            default:
                return new NullStore(reader);
        }
    }

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;
}
