using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.Cluster.Tests.Support;

/// <summary>Represents a node of a cluster. It is a host of its own in the test process, with real connections to other nodes.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    // With these settings, nodes detect a fault within a second.
    public const string Quick = """
        akka {
          stdout-loglevel = OFF
          loglevel = ERROR
          cluster {
            jmx.multi-mbeans-in-same-jvm = on
            gossip-interval = 100ms
            leader-actions-interval = 100ms
            failure-detector { heartbeat-interval = 200ms, acceptable-heartbeat-pause = 1s }
            pub-sub.gossip-interval = 100ms
            distributed-data { gossip-interval = 100ms, notify-subscribers-interval = 50ms }
          }
        }
        """;

    private readonly IHost _host;

    private ClusterNode(IHost host) => _host = host;

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public IZcrx Zcrx => _host.Services.GetRequiredService<IZcrx>();

    public IZcrxCluster All => _host.Services.GetRequiredService<IZcrxCluster>();

    public global::Akka.Cluster.Cluster Cluster => global::Akka.Cluster.Cluster.Get(System);

    public IActorRegistry Registry => ActorRegistry.For(System);

    public string Name => Cluster.SelfAddress.ToString();

    /// <summary>Starts a node. It does not join a cluster yet.</summary>
    /// <param name="configure">Sets the cluster options of Zcrx.</param>
    /// <param name="akka">Configures the actor system of the node.</param>
    /// <param name="zcrx">Configures the queues and listeners of the node.</param>
    /// <param name="receives">True if the node runs Zcrx.</param>
    public static async Task<ClusterNode> StartAsync(
        Action<ZcrxClusterOptions>? configure = null, Action<AkkaConfigurationBuilder>? akka = null, Action<ZcrxBuilder>? zcrx = null, bool receives = true)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (receives)
        {
            builder.Services.AddZcrx();
        }

        builder.Services.AddZcrxCluster().AddAkka("nodes", nodes =>
        {
            nodes
                .AddHocon(Quick, HoconAddMode.Prepend)
                .WithRemoting("127.0.0.1", 0)
                .WithClustering(new ClusterOptions())
                .WithZcrxCluster(options =>
                {
                    options.StatusInterval = TimeSpan.FromMilliseconds(100);
                    configure?.Invoke(options);
                });
            if (receives)
            {
                nodes.WithZcrx(builder =>
                {
                    builder.UseEngine(ZcrxEngine.Emulated).AddQueues(1, 1.MiB());
                    zcrx?.Invoke(builder);
                });
            }

            akka?.Invoke(nodes);
        });
        ClusterNode node = new(builder.Build());
        await node._host.StartAsync().Within("the node starts");
        return node;
    }

    public ClusterNode Join(ClusterNode first)
    {
        Cluster.Join(first.Cluster.SelfAddress);
        return this;
    }

    public Task StopAsync() => _host.StopAsync().Within("the node stops");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _host.Dispose();
    }
}
