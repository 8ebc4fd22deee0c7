using System.Buffers;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Cluster.Shards;
using Zcrx.Rx;

namespace Zcrx.Cluster;

/// <summary>Contains the methods that stream frames to the shards of a cluster.</summary>
/// <remarks>
/// <para>
/// Frames are grouped into chunks by the partition of their key. The entity of a partition receives each chunk as a
/// <see cref="FrameChunk"/>. It passes the chunk to a <see cref="FrameInbox"/>, which returns the frames, and answers with a
/// <see cref="FrameAcknowledgement"/>. Frames with the same key arrive in order.
/// </para>
/// <para>
/// Each frame arrives at least once, because chunks are sent again until they are acknowledged. This also holds when the entity moves to
/// another node.
/// </para>
/// <para>Zero copy ends here. The bytes of a frame are copied once into a chunk, and its buffers return to the pool.</para>
/// </remarks>
public static class ZcrxShardExtensions
{
    /// <summary>Sends every frame to the shard of its key. Receives no faster than the entities acknowledge frames.</summary>
    /// <param name="source">The frames of one connection, which are borrowed.</param>
    /// <param name="region">
    /// The shard region of this node, or its proxy. Its message extractor must be a <see cref="ZcrxShardMessageExtractor"/>.
    /// </param>
    /// <param name="key">
    /// Returns the key of a frame, usually a slice of its bytes. It runs on the thread of an actor and must not keep the bytes.
    /// </param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <returns>
    /// The stream to the shards. Dispose it to stop receiving. Its <see cref="ShardSink.Completion"/> reports how the stream ended.
    /// </returns>
    /// <remarks>
    /// When too many frames are unacknowledged, the connection is paused, and TCP slows the sender down. The connection stays open until
    /// all frames are acknowledged. The connection is reset when <paramref name="key"/> throws, when a frame is too long for a message
    /// between nodes, or when the region ends.
    /// </remarks>
    /// <exception cref="ArgumentException">The region is not an actor of this process.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxConfigurationException">Options are invalid.</exception>
    public static ShardSink ToShards(
        this IObservable<ReceivedFrame> source, IActorRef region, Func<ReadOnlySequence<byte>, ReadOnlySequence<byte>> key, ZcrxShardOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ZcrxShardOptions valid = Validate(options);
        return Start(source, region, frame => KeyPartition.Of(key(frame), valid.Partitions), valid);
    }

    /// <summary>Sends every frame to the shard of its numeric key. Receives no faster than the entities acknowledge frames.</summary>
    /// <param name="source">The frames of one connection, which are borrowed.</param>
    /// <param name="region">The shard region of this node, or its proxy.</param>
    /// <param name="key">Returns the key of a frame as a number.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <returns>
    /// The stream to the shards. Dispose it to stop receiving. Its <see cref="ShardSink.Completion"/> reports how the stream ended.
    /// </returns>
    /// <remarks>
    /// See
    /// <see cref="ToShards(IObservable{ReceivedFrame}, IActorRef, Func{ReadOnlySequence{byte}, ReadOnlySequence{byte}}, ZcrxShardOptions?)"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">An option is invalid, or the region is not an actor of this process.</exception>
    public static ShardSink ToShards(
        this IObservable<ReceivedFrame> source, IActorRef region, Func<ReadOnlySequence<byte>, ulong> key, ZcrxShardOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ZcrxShardOptions valid = Validate(options);
        return Start(source, region, frame => KeyPartition.Of(key(frame), valid.Partitions), valid);
    }

    private static ZcrxShardOptions Validate(ZcrxShardOptions? options)
    {
        options ??= new ZcrxShardOptions();
        options.ThrowIfInvalid();
        return options;
    }

    private static ShardSink Start(IObservable<ReceivedFrame> source, IActorRef region, Func<ReadOnlySequence<byte>, int> partition, ZcrxShardOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(region);
        if (region is not ActorRefWithCell { Underlying.System: var system })
        {
            throw new ArgumentException(
                $"Could not send frames to {region}: it is not an actor of this process. Use the shard region or the proxy that was started in this actor system.", nameof(region));
        }

        ShardRegions regions = ShardRegions.Of(system);
        ShardBudget budget = regions.BudgetOf(region, options.MaxShardBytes.Bytes);
        ShardOutcome outcome = new();
        long longest = regions.LongestFrame;
        IActorRef session = system.ActorOf(
            Props.Create(() => new ShardSession(region, partition, options, budget, longest, outcome)).WithDeploy(Deploy.Local));
        return new ShardSink(source.ToActor(session, options.MaxUnacknowledged, options.MaxUnacknowledgedBytes.Bytes), session, outcome);
    }
}
