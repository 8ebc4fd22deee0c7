using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Zcrx.Actors;
using Zcrx.Actors.Health;
using Zcrx.Actors.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to a host.</summary>
public static class ZcrxServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IZcrx"/> for injection. Does not run Zcrx: an actor system that calls <c>akka.WithZcrx(…)</c> must do so.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// It may be called before or after <c>AddAkka</c>, any number of times. The start of the host fails if nothing runs Zcrx.
    /// <c>WithZcrx</c> cannot add <see cref="IZcrx"/> itself, because Akka.Hosting calls it after the container is built.
    /// </remarks>
    public static IServiceCollection AddZcrx(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ZcrxService>();
        services.TryAddSingleton<IZcrx>(static provider => provider.GetRequiredService<ZcrxService>());
        services.TryAddSingleton<IStatusSource>(static provider => provider.GetRequiredService<ZcrxService>());
        return services.AddHostedService<WiringCheck>();
    }

    /// <summary>Adds Zcrx, and <see cref="IZcrx"/> for injection. Zcrx starts and stops with the host.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Adds queues and listeners.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// Zcrx runs in the actor system of Akka.Hosting's <c>AddAkka</c>, which may be called before or after this method. An
    /// <c>ActorSystem</c> that was registered without Akka.Hosting must be registered before this call. Zcrx uses it and does not end it.
    /// If the services contain no actor system, this method adds one with the name <c>zcrx</c> through Akka.Hosting. Further calls of this
    /// method configure the same service.
    /// </remarks>
    public static IServiceCollection AddZcrx(this IServiceCollection services, Action<ZcrxBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        services.AddZcrx();
        services.AddOptions<ZcrxOptions>();
        ZcrxSetup setup = new();
        configure(new ZcrxBuilder(setup));
        setup.Register(services);
        // Adds the hosted service of Akka first: the actors start before the ports open, and end after the ports close.
        DefaultActorSystem.TryAdd(services);
        return services.AddHostedService<ZcrxHostedService>();
    }

    /// <summary>Adds Zcrx with the queues and listeners of a configuration, and <see cref="IZcrx"/> for injection.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The section, or a whole configuration that contains the section <c>Zcrx</c>.</param>
    /// <param name="configure">Adds settings that a configuration cannot contain, such as the connection handlers.</param>
    /// <returns>The services.</returns>
    /// <remarks>See <see cref="AddZcrx(IServiceCollection, Action{ZcrxBuilder})"/>.</remarks>
    public static IServiceCollection AddZcrx(this IServiceCollection services, IConfiguration configuration, Action<ZcrxBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddZcrx(builder =>
        {
            builder.Bind(configuration);
            configure?.Invoke(builder);
        });
    }
}
