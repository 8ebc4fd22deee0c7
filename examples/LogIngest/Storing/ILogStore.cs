namespace LogIngest.Storing;

/// <summary>Stores batches. Each writer has its own store and stores one batch at a time.</summary>
internal interface ILogStore : IAsyncDisposable
{
    /// <summary>Stores a batch durably.</summary>
    /// <exception cref="Exception">The batch is not stored, or the outcome is unknown. The store is then disposed, and a new store gets the batch again.</exception>
    Task StoreAsync(LogBatch batch, CancellationToken cancellationToken);
}
