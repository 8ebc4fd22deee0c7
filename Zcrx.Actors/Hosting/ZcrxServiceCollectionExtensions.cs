using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Zcrx.Actors;
using Zcrx.Actors.Health;
using Zcrx.Actors.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to a host.</summary>
public static class ZcrxServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IZcrx"/> for injection, beside an actor system that runs Zcrx by <c>akka.WithZcrx(…)</c>.</summary>
    /// <param name="services">The services.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// It may be called before or after <c>AddAkka</c>, any number of times. The start of the host fails if nothing runs Zcrx. Only Akka.Hosting knows of <c>WithZcrx</c>, and only once the container is
    /// built, so that it cannot add services itself.
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

    /// <summary>Adds Zcrx, which starts and stops with the host, and <see cref="IZcrx"/> for injection.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Adds queues and listeners.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// Zcrx runs in the actor system of Akka.Hosting's <c>AddAkka</c>, whether that is called before or after this. An <c>ActorSystem</c> that is registered without
    /// Akka.Hosting is used if it is registered before, and is not ended. Without either, one named <c>zcrx</c> is created through Akka.Hosting.
    /// All calls add up to one service.
    /// </remarks>
    public static IServiceCollection AddZcrx(this IServiceCollection services, Action<ZcrxBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        services.AddZcrx();
        services.AddOptions<ZcrxOptions>();
        ZcrxSetup setup = new();
        configure(new ZcrxBuilder(setup));
        setup.Register(services);
        // Its hosted service comes first: actors start before ports open, and end after them.
        DefaultActorSystem.TryAdd(services);
        return services.AddHostedService<ZcrxHostedService>();
    }

    /// <summary>Adds Zcrx with the queues and listeners of a configuration, and <see cref="IZcrx"/> for injection.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The configuration section, or a whole configuration, of which the section <c>Zcrx</c> is taken.</param>
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
