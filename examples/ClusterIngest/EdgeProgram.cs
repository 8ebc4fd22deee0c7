using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Reactive.Disposables;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Cluster;
using Zcrx.Rx;

namespace ClusterIngest;

/// <summary>Runs the edge, which accepts connections and sends their frames to the shards of the workers.</summary>
internal static class EdgeProgram
{
    private const string Listener = "frames";

    private static readonly ZcrxShardOptions Sharding = new() { Partitions = 16, ResendTimeout = TimeSpan.FromMilliseconds(500) };

    public static async Task<int> RunAsync(NodeOptions node, string listen, string? join, string? takeover, CancellationToken cancellationToken)
    {
        ConcurrentBag<ShardSink> sinks = [];
        // The handler of connections reads this variable. It is set before the node becomes a member, and the port is bound after that.
        ActorSystem? system = null;
        using IHost host = NodeHost.Build(
            NodeHost.EdgeRole,
            node,
            join,
            static services => services.AddZcrx().AddZcrxCluster(),
            akka => akka
                .WithZcrx(zcrx =>
                {
                    zcrx.AddQueues(1, 16.MiB()).DrainTimeout(TimeSpan.FromSeconds(20));
                    if (takeover is not null)
                    {
                        zcrx.Takeover(takeover);
                    }
                })
                .WithShardRegionProxy<JournalEntity>(NodeHost.Region, NodeHost.WorkerRole, new ZcrxShardMessageExtractor())
                .WithZcrxCluster(options =>
                {
                    options.DrainTimeout = TimeSpan.FromSeconds(20);
                    options.Listeners.Add(new ZcrxListenerOptions { Name = Listener, EndPoint = $"{listen}:0", Handler = connection => Receive(connection, () => ActorRegistry.For(system!).Get<JournalEntity>(), sinks) });
                }));
        await host.StartAsync(cancellationToken);
        system = host.Services.GetRequiredService<ActorSystem>();
        Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(system);
        if (join is null)
        {
            await cluster.JoinAsync(cluster.SelfAddress, cancellationToken);
        }

        await NodeReport.WriteAsync("node", cluster.SelfAddress.ToString());

        IZcrx zcrx = host.Services.GetRequiredService<IZcrx>();
        IZcrxCluster all = host.Services.GetRequiredService<IZcrxCluster>();
        bool isBound = false;
        long mostMemory = 0;
        Task ended = host.WaitForShutdownAsync(cancellationToken);
        while (await Task.WhenAny(ended, Task.Delay(NodeReport.Interval, CancellationToken.None)) != ended)
        {
            if (!isBound && zcrx.EndPoints.ByName.TryGetValue(Listener, out var endPoint))
            {
                isBound = true;
                await NodeReport.WriteAsync("port", endPoint.ToString());
            }

            mostMemory = Math.Max(mostMemory, Environment.WorkingSet);
            await NodeReport.WriteAsync("edge", NodeReport.Numbers(
                sinks.Sum(static sink => sink.Chunks), sinks.Sum(static sink => sink.Resends), all.Nodes.Count, GC.GetTotalAllocatedBytes(), mostMemory, sinks.Count));
        }

        await ended;
        return 0;
    }

    private static IDisposable Receive(ZcrxConnection connection, Func<IActorRef> region, ConcurrentBag<ShardSink> sinks)
    {
        _ = connection.HandleAsync((served, _) => HandleAsync(served, region(), sinks));
        // There is no subscription to dispose. HandleAsync keeps the connection open until the handler ends.
        return Disposable.Empty;
    }

    private static async Task HandleAsync(ZcrxConnection connection, IActorRef region, ConcurrentBag<ShardSink> sinks)
    {
        ShardSink sink = connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 64.KiB()).ToShards(region, DemoFrame.KeyOf, Sharding);
        sinks.Add(sink);
        try
        {
            await sink.Completion;
        }
        catch (ZcrxStreamException)
        {
            // This node stops, or the client has reset the connection. All complete frames are stored, so they are confirmed below.
        }

        byte[] confirmation = new byte[DemoFrame.Confirmation];
        BinaryPrimitives.WriteInt64BigEndian(confirmation, sink.Acknowledged);
        await connection.SendAsync(confirmation);
    }
}
