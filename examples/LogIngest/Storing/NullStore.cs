using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>Parses messages and drops them.</summary>
internal sealed class NullStore(MessageReader reader) : ILogStore
{
    public Task<InvalidMessages> StoreAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        InvalidMessages invalid = new();
        foreach (LogEntry entry in batch.Entries)
        {
            reader.TryRead(in entry, invalid, out SyslogMessage _);
        }

        return Task.FromResult(invalid);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
