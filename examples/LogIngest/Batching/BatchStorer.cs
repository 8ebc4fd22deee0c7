using System.Diagnostics;
using Akka.Actor;
using LogIngest.Storing;

namespace LogIngest.Batching;

/// <summary>Stores one batch after another and throws any failure. The parent then restarts this actor, which opens the store again.</summary>
internal sealed class BatchStorer : ReceiveActor
{
    private readonly int _writer;
    private readonly StoreFactory _stores;
    private ILogStore? _store;

    public BatchStorer(int writer, StoreFactory stores)
    {
        _writer = writer;
        _stores = stores;
        ReceiveAsync<LogBatch>(OnBatchAsync);
    }

    protected override void PreRestart(Exception reason, object message)
    {
        if (message is LogBatch batch)
        {
            Context.Parent.Tell(new Failed(batch.Number, reason.GetBaseException().Message.ReplaceLineEndings(" ")));
        }

        base.PreRestart(reason, message);
    }

    // Is not awaited: closing a broken connection may take as long as the timeout of the database.
    protected override void PostStop() => _ = _store?.DisposeAsync().AsTask();

    private async Task OnBatchAsync(LogBatch batch)
    {
        long began = Stopwatch.GetTimestamp();
        _store ??= _stores.Open(_writer);
        await _store.StoreAsync(batch, CancellationToken.None);
        Context.Parent.Tell(new Stored(batch.Number, began));
    }

    /// <summary>Reports to the parent that a batch is stored.</summary>
    internal sealed record Stored(long Number, long Began);

    /// <summary>Reports to the parent that the outcome of a batch is unknown: it may or may not be stored.</summary>
    internal sealed record Failed(long Number, string Reason);
}
