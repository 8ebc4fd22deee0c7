using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using LogIngest.Storing;

namespace LogIngest.Batching;

/// <summary>
/// Stores one batch after another. Throws if an attempt fails. The parent then restarts this actor, and the next batch opens the store
/// again.
/// </summary>
/// <remarks>
/// Each attempt to store a batch sends one report when it has ended. If the parent restarts, Akka restarts this actor too, perhaps during
/// an attempt. The attempt then continues and sends its report.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "CloseAsync disposes the token source after the last attempt.")]
internal sealed class BatchStorer : ReceiveActor
{
    private readonly int _writer;
    private readonly ILogStores _stores;
    private readonly IActorRef _collector;
    private readonly CancellationTokenSource _ended = new();
    private ILogStore? _store;
    private Task _attempt = Task.CompletedTask;

    public BatchStorer(int writer, ILogStores stores)
    {
        _writer = writer;
        _stores = stores;
        _collector = Context.Parent;
        ReceiveAsync<LogBatch>(OnBatchAsync);
    }

    // The base method is not called, because it would call PostStop and cancel the attempt. A restart releases no buffers, so the attempt
    // may continue.
    protected override void PreRestart(Exception reason, object message) => _ = CloseAsync(_store, _attempt, _ended);

    // Cancels the attempt, because the collector ends after this actor and then releases the buffers of the batch.
    protected override void PostStop()
    {
        // CancelAsync cancels the token at once. It runs the callbacks on the thread pool, because they may use the network.
        _ = _ended.CancelAsync();
        _ = CloseAsync(_store, _attempt, _ended);
    }

    private async Task OnBatchAsync(LogBatch batch)
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            _store ??= _stores.Open(_writer);
            Task<InvalidMessages> attempt = _store.StoreAsync(batch, _ended.Token);
            _attempt = attempt;
            _collector.Tell(new Stored(batch.Number, began, await attempt));
        }
        catch (Exception exception)
        {
            _collector.Tell(new Failed(batch.Number, exception.GetBaseException().Message.ReplaceLineEndings(" ")));
            throw;
        }
    }

    /// <summary>
    /// Waits for the attempt that uses the store, then closes the store. The actor does not await this, because a broken connection may
    /// take as long as the timeout of the database.
    /// </summary>
    private static async Task CloseAsync(ILogStore? store, Task attempt, CancellationTokenSource ended)
    {
        await attempt.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ended.Dispose();
        if (store is not null)
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Reports to the parent that a batch is stored.</summary>
    internal sealed record Stored(long Number, long Began, InvalidMessages Invalid);

    /// <summary>Reports to the parent that the outcome of a batch is unknown: it may or may not be stored.</summary>
    internal sealed record Failed(long Number, string Reason);
}
