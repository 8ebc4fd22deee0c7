using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Zcrx.Cluster.Shards;

/// <summary>Holds the state that all streams of an actor system to one region share.</summary>
internal sealed class ShardRegions : IExtension
{
    private const string FrameSizePath = "akka.remote.dot-netty.tcp.maximum-frame-size";

    // Covers addresses, paths and the fields of the chunk, with room to spare.
    private const long Envelope = 4096;

    private readonly ConcurrentDictionary<IActorRef, ShardBudget> _budgets = new();

    public ShardRegions(ExtendedActorSystem system)
    {
        bool isLimited = system.Provider.GetType() != typeof(LocalActorRefProvider) && system.Settings.Config.HasPath(FrameSizePath);
        LongestFrame = isLimited ? Math.Max(1, (system.Settings.Config.GetByteSize(FrameSizePath, null) ?? long.MaxValue) - Envelope) : int.MaxValue;
    }

    /// <summary>
    /// Gets the maximum number of bytes for frames in a message between nodes. The length field of each frame needs up to five more bytes.
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
