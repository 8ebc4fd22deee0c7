using System.Runtime.ExceptionServices;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Cluster.Shards;

namespace Zcrx.Cluster;

/// <summary>Represents a stream of frames to the shards of a region; see <see cref="ZcrxShardExtensions"/>.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToShards</c> may dispose the stream at any time. Disposing is optional when the stream ends.
/// Threading: any thread.
/// </remarks>
public sealed class ShardSink : IDisposable
{
    private readonly ActorSink _sink;
    private readonly IActorRef _session;
    private readonly ShardOutcome _outcome;

    internal ShardSink(ActorSink sink, IActorRef session, ShardOutcome outcome)
    {
        (_sink, _session, _outcome) = (sink, session, outcome);
        Completion = CompleteAsync();
        // Observes the exception here, for callers that do not await the task.
        _ = Completion.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>
    /// Gets a task that completes when the stream has ended in order and the entities have acknowledged everything. If the stream fails,
    /// the task faults with its error once everything before the failure is acknowledged. It also faults if the key selector or the shard
    /// region fails. <see cref="Dispose"/> cancels it.
    /// </summary>
    public Task Completion { get; }

    /// <summary>
    /// Gets the number of frames that the entities have acknowledged. While the stream runs, they need not be its first frames. When
    /// <see cref="Completion"/> has ended with the end or the error of the stream, they are all frames that the stream had.
    /// </summary>
    public long Acknowledged => _outcome.Acknowledged;

    /// <summary>Gets the number of chunks that were sent, including those that were sent again.</summary>
    public long Chunks => _outcome.Chunks;

    /// <summary>Gets the number of chunks that were sent again.</summary>
    public long Resends => _outcome.Resends;

    /// <summary>
    /// Stops receiving. Frames that the stream has accepted are still delivered: they are sent again until they are acknowledged. A frame
    /// that the ring thread passes on at the same moment may become a dead letter.
    /// </summary>
    public void Dispose()
    {
        _sink.Dispose();
        _session.Tell(ShardSession.Finish.Instance, ActorRefs.NoSender);
    }

    private async Task CompleteAsync()
    {
        try
        {
            await _sink.Completion.ConfigureAwait(false);
        }
        catch (ZcrxActorTerminatedException) when (_outcome.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}
