using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors;
using Zcrx.Actors.Health;
using Zcrx.Actors.Hosting;

namespace Akka.Hosting;

/// <summary>Adds Zcrx to an actor system of Akka.Hosting.</summary>
public static class ZcrxAkkaHostingExtensions
{
    /// <summary>Runs Zcrx in this actor system. Ports open after the actors of <c>WithActors</c> have started, and close in the phases of <c>CoordinatedShutdown</c>.</summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="configure">Adds queues and listeners.</param>
    /// <returns>The builder. All calls add up.</returns>
    /// <remarks>
    /// The supervisor is in the <see cref="ActorRegistry"/> as <see cref="ZcrxSupervisor"/>, and the rebalancer as <see cref="ZcrxRebalancer"/>.
    /// Each queue that was added by <see cref="ZcrxBuilder.AddQueue{TKey}"/> is there by its key. For <see cref="IZcrx"/> in the container, call <c>services.AddZcrx()</c> as well.
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
    /// <param name="configuration">The configuration section, or a whole configuration, of which the section <c>Zcrx</c> is taken.</param>
    /// <param name="configure">Adds settings that a configuration cannot contain, such as the connection handlers.</param>
    /// <returns>The builder. All calls add up.</returns>
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

    /// <summary>Adds the health checks of Zcrx to those of the actor system: the same that <c>AddHealthChecks().AddZcrx()</c> adds. The services need <c>AddHealthChecks()</c> as well.</summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="name">The name of the readiness check. The liveness check has the suffix <c>-live</c>.</param>
    /// <param name="failureStatus">The status that a failed check reports. Unhealthy if null.</param>
    /// <param name="tags">Tags of the readiness check in place of <c>ready</c>.</param>
    /// <returns>The builder.</returns>
    public static AkkaConfigurationBuilder WithZcrxHealthChecks(this AkkaConfigurationBuilder builder, string name = "zcrx", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .WithHealthCheck(name, new AkkaHealthCheck(builder, static zcrx => new ZcrxHealthCheck(zcrx)), failureStatus, tags ?? ["ready"])
            .WithHealthCheck($"{name}-live", new AkkaHealthCheck(builder, static zcrx => new ZcrxLivenessCheck(zcrx)), failureStatus, ["live"]);
    }
}
