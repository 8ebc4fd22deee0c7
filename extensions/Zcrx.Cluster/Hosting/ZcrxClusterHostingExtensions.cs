using Akka.Actor;
using Akka.DependencyInjection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Zcrx.Actors;
using Zcrx.Cluster;
using Zcrx.Cluster.Membership;
using Zcrx.Cluster.Nodes;
using Zcrx.Cluster.Serialization;

namespace Akka.Hosting;

/// <summary>Contains the methods that add Zcrx in a cluster to an actor system of Akka.Hosting.</summary>
public static class ZcrxClusterHostingExtensions
{
    /// <summary>
    /// Publishes the status and the events of this node, and collects those of the other nodes for <see cref="IZcrxCluster"/>. Binds the
    /// listeners in <see cref="ZcrxClusterOptions.Listeners"/> while this node is Up.
    /// </summary>
    /// <param name="builder">The builder of the actor system, with <c>WithRemoting</c> and <c>WithClustering</c>.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// Call this method on every node of the cluster, because it adds the serializers. Nodes that only have shards need them, too. The
    /// order relative to <c>WithZcrx</c> does not matter. To get <see cref="IZcrxCluster"/> from the container, call
    /// <see cref="AddZcrxCluster"/> as well.
    /// </remarks>
    /// <exception cref="Zcrx.Interop.ZcrxConfigurationException">Options are invalid, or listeners have no name.</exception>
    public static AkkaConfigurationBuilder WithZcrxCluster(this AkkaConfigurationBuilder builder, Action<ZcrxClusterOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ZcrxClusterOptions options = new();
        configure?.Invoke(options);
        options.ThrowIfInvalid();
        return builder
            .AddHocon(ClusterSerializer.Hocon, HoconAddMode.Append)
            .AddStartup((system, registry) =>
            {
                IDependencyResolver services = DependencyResolver.For(system).Resolver;
                ClusterView view = services.GetService<ClusterView>() ?? new ClusterView();
                TimeProvider time = services.GetService<TimeProvider>() ?? TimeProvider.System;
                Task<IActorRef> supervisor = registry.GetAsync<ZcrxSupervisor>();
                system.ActorOf(Props.Create(() => new NodeActor(view, options.StatusInterval, supervisor, time)).WithDeploy(Deploy.Local), "zcrx-cluster");
                for (int i = 0; i < options.Listeners.Count; i++)
                {
                    ZcrxListenerOptions listener = options.Listeners[i];
                    PortConnections connections = new();
                    // If the handler is missing, leave it null. Zcrx then refuses the listener when it is bound.
                    listener.Handler = listener.Handler is { } handler ? connections.Track(handler) : null;
                    system.ActorOf(Props.Create(() => new PortActor(listener, connections, options.DrainTimeout, supervisor)).WithDeploy(Deploy.Local), $"zcrx-cluster-port-{i}");
                }
            });
    }

    /// <summary>
    /// Adds <see cref="IZcrxCluster"/> to the service container. <see cref="WithZcrxCluster"/> then publishes to this object. Also adds the
    /// object as <see cref="IZcrxNodes"/>, from which the dashboard of Zcrx.AspNetCore reads the nodes.
    /// </summary>
    /// <param name="services">The service collection.</param>
    /// <returns>The service collection.</returns>
    public static IServiceCollection AddZcrxCluster(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<ClusterView>();
        services.TryAddSingleton<IZcrxCluster>(static provider => provider.GetRequiredService<ClusterView>());
        services.TryAddSingleton<IZcrxNodes>(static provider => provider.GetRequiredService<ClusterView>());
        return services;
    }
}
