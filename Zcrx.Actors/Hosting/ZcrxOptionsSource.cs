using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Zcrx.Actors.Hosting;

/// <summary>Creates checked options from everything that configures them: the container, <c>WithZcrx</c>, and the actor system's HOCON.</summary>
/// <remarks>
/// The container is configured first, then the settings that <c>WithZcrx</c> collected. HOCON only sets options that are unspecified by
/// then.
/// </remarks>
internal sealed class ZcrxOptionsSource
{
    private readonly OptionsFactory<ZcrxOptions> _factory;

    /// <param name="services">The application's services.</param>
    /// <param name="system">The actor system in which the options are used.</param>
    /// <param name="setup">The settings that <c>WithZcrx</c> collected, or null without it.</param>
    public ZcrxOptionsSource(IServiceProvider services, ActorSystem system, ZcrxSetup? setup)
    {
        _factory = new OptionsFactory<ZcrxOptions>(
            [.. services.GetServices<IConfigureOptions<ZcrxOptions>>(), .. setup?.Configure(services) ?? []],
            [
                .. services.GetServices<IPostConfigureOptions<ZcrxOptions>>(),
                .. setup?.PostConfigure ?? [],
                new PostConfigureOptions<ZcrxOptions>(null, options => options.UseDefaultsOf(system)),
            ],
            [.. services.GetServices<IValidateOptions<ZcrxOptions>>(), new ZcrxOptionsValidator()]);
        ChangeSources =
        [
            .. services.GetServices<IOptionsChangeTokenSource<ZcrxOptions>>().Concat(setup?.Sources ?? [])
                .Where(static source => source.Name is null || source.Name == Microsoft.Extensions.Options.Options.DefaultName),
        ];
    }

    /// <summary>Gets the sources that announce changed values.</summary>
    public IReadOnlyList<IOptionsChangeTokenSource<ZcrxOptions>> ChangeSources { get; }

    /// <summary>Creates the options from the values as they are now.</summary>
    /// <exception cref="OptionsValidationException">The options are invalid. It lists every error.</exception>
    public ZcrxOptions Create() => _factory.Create(Microsoft.Extensions.Options.Options.DefaultName);
}
