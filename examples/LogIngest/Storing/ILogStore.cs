namespace LogIngest.Storing;

/// <summary>Stores batches. Each writer has its own store and stores one batch at a time.</summary>
internal interface ILogStore : IAsyncDisposable
{
    /// <summary>Stores a batch durably.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="cancellationToken">
    /// Cancelled before the buffers of the batch are released. The store must check it between reading the last message and making the
    /// batch durable.
    /// </param>
    /// <returns>The counts of the batch's invalid messages.</returns>
    /// <exception cref="Exception">
    /// The batch is not stored, or the outcome is unknown. The store is then disposed, and a new store gets the batch again.
    /// </exception>
    Task<InvalidMessages> StoreAsync(LogBatch batch, CancellationToken cancellationToken);
}
