using System.Runtime.ExceptionServices;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Cluster.Shards;

namespace Zcrx.Cluster;

/// <summary>Represents a stream of frames to the shards of a region; see <see cref="ZcrxShardExtensions"/>.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToShards</c> may dispose this object at any time, to stop receiving. It need not be disposed when the stream
/// ends. Threading: any thread.
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
        // Observe the exception here, because the application may never await the task.
        _ = Completion.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>
    /// Gets a task that completes when the stream has ended and the entities have acknowledged all frames. If the stream fails, the task
    /// faults once all earlier frames are acknowledged. It also faults if the key selector throws or the shard region ends.
    /// <see cref="Dispose"/> cancels it.
    /// </summary>
    public Task Completion { get; }

    /// <summary>
    /// Gets the number of frames that the entities have acknowledged. They need not be the first frames of the stream. When
    /// <see cref="Completion"/> has ended because the stream has ended or failed, the number includes every frame of the stream.
    /// </summary>
    public long Acknowledged => _outcome.Acknowledged;

    /// <summary>Gets the number of chunks that were sent, including those that were sent again.</summary>
    public long Chunks => _outcome.Chunks;

    /// <summary>Gets the number of chunks that were sent again.</summary>
    public long Resends => _outcome.Resends;

    /// <summary>
    /// Stops receiving. Frames that were received are still sent until they are acknowledged. A frame that the ring thread passes on during
    /// this call may become a dead letter.
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
