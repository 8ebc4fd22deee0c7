using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Cluster;

namespace ClusterIngest;

/// <summary>Runs a worker. The entities of its shards store the frames.</summary>
internal static class WorkerProgram
{
    public static async Task<int> RunAsync(NodeOptions options, string join, string directory, TimeSpan delay, CancellationToken cancellationToken)
    {
        WorkerTally tally = new();
        using IHost host = NodeHost.Build(
            NodeHost.WorkerRole,
            options,
            join,
            static _ => { },
            akka => akka
                .WithZcrxCluster()
                .WithShardRegion<JournalEntity>(
                    NodeHost.Region,
                    partition => Props.Create(() => new JournalEntity(directory, partition, delay, tally)),
                    new ZcrxShardMessageExtractor(),
                    new ShardOptions { Role = NodeHost.WorkerRole, StateStoreMode = StateStoreMode.DData, RememberEntities = false }));
        await host.StartAsync(cancellationToken);
        Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(host.Services.GetRequiredService<ActorSystem>());
        cluster.RegisterOnMemberUp(() => NodeReport.Write("node", cluster.SelfAddress.ToString()));
        Task ended = host.WaitForShutdownAsync(cancellationToken);
        while (await Task.WhenAny(ended, Task.Delay(NodeReport.Interval, CancellationToken.None)) != ended)
        {
            await NodeReport.WriteAsync("worker", NodeReport.Numbers(tally.Taken, tally.Discarded));
        }

        await NodeReport.WriteAsync("worker", NodeReport.Numbers(tally.Taken, tally.Discarded));
        await ended;
        return 0;
    }
}
