using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>Parses messages and drops them.</summary>
internal sealed class NullStore(MessageReader reader) : ILogStore
{
    public Task StoreAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        foreach (LogEntry entry in batch.Entries)
        {
            reader.TryRead(in entry, isFirstAttempt: true, out SyslogMessage _);
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
