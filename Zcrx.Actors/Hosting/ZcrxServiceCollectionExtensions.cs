using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Zcrx.Actors;
using Zcrx.Actors.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Zcrx to a host.</summary>
public static class ZcrxServiceCollectionExtensions
{
    /// <summary>
    /// Adds the receiver as a hosted service, and <see cref="IZcrx"/>. It runs in the <c>ActorSystem</c> that the services have, in
    /// whatever order they are registered, and neither stops it nor creates a second one; otherwise in one of its own.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says what receives and where.</param>
    /// <returns>The services. May be called several times: what is said adds up.</returns>
    public static IServiceCollection AddZcrx(this IServiceCollection services, Action<ZcrxBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<ZcrxOptions>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<ZcrxOptions>, HoconPostConfigure>());
        services.TryAddSingleton<OptionsReloader>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ZcrxOptions>, ZcrxOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ZcrxService>();
        services.TryAddSingleton<IZcrx>(static provider => provider.GetRequiredService<ZcrxService>());
        services.AddHostedService<ZcrxHostedService>();
        configure(new ZcrxBuilder(services));
        return services;
    }

    /// <inheritdoc cref="AddZcrx(IServiceCollection, Action{ZcrxBuilder})"/>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The configuration section, or a whole configuration, of which the section <c>Zcrx</c> is taken.</param>
    /// <param name="configure">Says what the configuration cannot, such as the connection handlers.</param>
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
