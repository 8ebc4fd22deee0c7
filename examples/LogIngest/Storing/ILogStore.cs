namespace LogIngest.Storing;

/// <summary>Stores batches. Each writer has a separate store, and uses it for one batch at a time.</summary>
internal interface ILogStore : IAsyncDisposable
{
    /// <summary>Stores a batch durably.</summary>
    /// <exception cref="Exception">The batch is not stored, or it is unknown whether it is. The store is disposed then, and another one gets the batch again.</exception>
    Task StoreAsync(LogBatch batch, CancellationToken cancellationToken);
}
