namespace LogIngest.Storing;

/// <summary>Represents messages that are stored together or not at all.</summary>
/// <param name="Number">A number that grows with each batch of its writer.</param>
/// <param name="Entries">The messages, at least one, in the order of each stream.</param>
internal sealed record LogBatch(long Number, IReadOnlyList<LogEntry> Entries)
{
    /// <summary>
    /// Gets the number of failed attempts to store the batch. The batch may be stored even after a failed attempt, for example if the reply
    /// was lost.
    /// </summary>
    public int FailedAttempts { get; init; }
}
