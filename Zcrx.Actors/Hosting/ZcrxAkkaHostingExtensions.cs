using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors;
using Zcrx.Actors.Health;
using Zcrx.Actors.Hosting;

namespace Akka.Hosting;

/// <summary>Adds Zcrx to an actor system of Akka.Hosting.</summary>
public static class ZcrxAkkaHostingExtensions
{
    /// <summary>
    /// Runs Zcrx in this actor system. Ports open after the actors of <c>WithActors</c> have started.
    /// <c>CoordinatedShutdown</c> closes them.
    /// </summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="configure">Adds queues and listeners.</param>
    /// <returns>The builder. Further calls of this method configure the same Zcrx service.</returns>
    /// <remarks>
    /// The <see cref="ActorRegistry"/> contains the supervisor as <see cref="ZcrxSupervisor"/> and the rebalancer as
    /// <see cref="ZcrxRebalancer"/>. It contains each queue that was added by <see cref="ZcrxBuilder.AddQueue{TKey}"/> under the queue's
    /// key. To resolve <see cref="IZcrx"/> from the container, also call <c>services.AddZcrx()</c>.
    /// </remarks>
    public static AkkaConfigurationBuilder WithZcrx(this AkkaConfigurationBuilder builder, Action<ZcrxBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        AkkaRegistration registration = AkkaRegistration.For(builder);
        configure(new ZcrxBuilder(registration.Setup));
        registration.Configure(builder);
        return builder;
    }

    /// <summary>Runs Zcrx in this actor system, with the queues and listeners of a configuration.</summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="configuration">The section, or a whole configuration that contains the section <c>Zcrx</c>.</param>
    /// <param name="configure">Adds settings that a configuration cannot contain, such as the connection handlers.</param>
    /// <returns>The builder. Further calls of this method configure the same Zcrx service.</returns>
    /// <remarks>See <see cref="WithZcrx(AkkaConfigurationBuilder, Action{ZcrxBuilder})"/>.</remarks>
    public static AkkaConfigurationBuilder WithZcrx(this AkkaConfigurationBuilder builder, IConfiguration configuration, Action<ZcrxBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return builder.WithZcrx(zcrx =>
        {
            zcrx.Bind(configuration);
            configure?.Invoke(zcrx);
        });
    }

    /// <summary>
    /// Adds the health checks of Zcrx to those of the actor system. They are the checks that <c>AddHealthChecks().AddZcrx()</c> adds. Call
    /// <c>AddHealthChecks()</c> on the services as well.
    /// </summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="name">The name of the readiness check. The liveness check has the suffix <c>-live</c>.</param>
    /// <param name="failureStatus">The status that a failed check reports. Unhealthy if null.</param>
    /// <param name="tags">The tags of the readiness check. If null, the only tag is <c>ready</c>.</param>
    /// <returns>The builder.</returns>
    public static AkkaConfigurationBuilder WithZcrxHealthChecks(this AkkaConfigurationBuilder builder, string name = "zcrx", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .WithHealthCheck(name, new AkkaHealthCheck(builder, static zcrx => new ZcrxHealthCheck(zcrx)), failureStatus, tags ?? ["ready"])
            .WithHealthCheck($"{name}-live", new AkkaHealthCheck(builder, static zcrx => new ZcrxLivenessCheck(zcrx)), failureStatus, ["live"]);
    }
}
