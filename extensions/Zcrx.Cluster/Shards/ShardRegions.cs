using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Zcrx.Cluster.Shards;

/// <summary>Holds one budget for each shard region. All streams of an actor system to the region share it.</summary>
internal sealed class ShardRegions : IExtension
{
    private const string FrameSizePath = "akka.remote.dot-netty.tcp.maximum-frame-size";

    // The bytes of a message that are reserved for addresses, paths and the fields of a chunk. These need fewer.
    private const long Envelope = 4096;

    private readonly ConcurrentDictionary<IActorRef, ShardBudget> _budgets = new();

    public ShardRegions(ExtendedActorSystem system)
    {
        bool isLimited = system.Provider.GetType() != typeof(LocalActorRefProvider) && system.Settings.Config.HasPath(FrameSizePath);
        LongestFrame = isLimited ? Math.Max(1, (system.Settings.Config.GetByteSize(FrameSizePath, null) ?? long.MaxValue) - Envelope) : int.MaxValue;
    }

    /// <summary>
    /// Gets the largest number of bytes that frames can have in one message between nodes. Each frame also has a length field of up to five
    /// bytes.
    /// </summary>
    public long LongestFrame { get; }

    public static ShardRegions Of(ActorSystem system) => system.WithExtension<ShardRegions, Provider>();

    public ShardBudget BudgetOf(IActorRef region, long maxBytes) =>
        _budgets.GetOrAdd(region, static (_, most) => new ShardBudget(most), maxBytes);

    [SuppressMessage("Performance", "CA1812", Justification = "Created by WithExtension.")]
    private sealed class Provider : ExtensionIdProvider<ShardRegions>
    {
        public override ShardRegions CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
