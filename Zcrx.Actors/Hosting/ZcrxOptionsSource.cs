using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Zcrx.Actors.Hosting;

/// <summary>Creates validated options from the container, from <c>WithZcrx</c>, and from the HOCON of the actor system.</summary>
/// <remarks>
/// The settings of the container apply first, then those that <c>WithZcrx</c> collected. HOCON sets only options that are still
/// unspecified.
/// </remarks>
internal sealed class ZcrxOptionsSource
{
    private readonly OptionsFactory<ZcrxOptions> _factory;

    /// <param name="services">The application's services.</param>
    /// <param name="system">The actor system in which the options are used.</param>
    /// <param name="setup">The settings that <c>WithZcrx</c> collected; null if only <c>AddZcrx</c> was called.</param>
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

    /// <summary>Gets the sources that announce changes of the configuration.</summary>
    public IReadOnlyList<IOptionsChangeTokenSource<ZcrxOptions>> ChangeSources { get; }

    /// <summary>Creates the options from the current values of the sources.</summary>
    /// <exception cref="OptionsValidationException">The options are invalid. The message lists every error.</exception>
    public ZcrxOptions Create() => _factory.Create(Microsoft.Extensions.Options.Options.DefaultName);
}
