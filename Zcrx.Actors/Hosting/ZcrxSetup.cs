using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Zcrx.Actors.Hosting;

/// <summary>
/// Holds the settings that a <see cref="ZcrxBuilder"/> collects: changes of the options, and the sources that announce new values.
/// </summary>
/// <remarks>
/// Akka.Hosting calls <c>WithZcrx</c> after the container is built, so <c>WithZcrx</c> keeps its settings in this object. <c>AddZcrx</c>
/// registers its settings in the container. Threading: one thread fills the object before the host starts. Later the object is only read.
/// </remarks>
internal sealed class ZcrxSetup
{
    private readonly List<Action<IServiceProvider, ZcrxOptions>> _configure = [];
    private readonly List<Action<ZcrxOptions>> _postConfigure = [];
    private readonly List<IOptionsChangeTokenSource<ZcrxOptions>> _sources = [];

    public IReadOnlyList<IOptionsChangeTokenSource<ZcrxOptions>> Sources => _sources;

    public IEnumerable<IPostConfigureOptions<ZcrxOptions>> PostConfigure =>
        _postConfigure.Select(static action => new PostConfigureOptions<ZcrxOptions>(null, action));

    /// <summary>
    /// Applies all setups in order, and returns the resulting drain timeout. It is needed before the service provider exists.
    /// </summary>
    public static TimeSpan DrainTimeoutOf(IEnumerable<ZcrxSetup> setups)
    {
        ZcrxOptions options = new();
        foreach (Action<IServiceProvider, ZcrxOptions> configure in setups.SelectMany(static setup => setup._configure))
        {
            configure(NoServices.Instance, options);
        }

        return options.DrainTimeout;
    }

    public void Add(Action<IServiceProvider, ZcrxOptions> configure) => _configure.Add(configure);

    public void AddLast(Action<ZcrxOptions> postConfigure) => _postConfigure.Add(postConfigure);

    public void Add(IOptionsChangeTokenSource<ZcrxOptions> source) => _sources.Add(source);

    public IEnumerable<IConfigureOptions<ZcrxOptions>> Configure(IServiceProvider services) =>
        _configure.Select(action => new ConfigureOptions<ZcrxOptions>(options => action(services, options)));

    /// <summary>Registers the settings in a service collection.</summary>
    public void Register(IServiceCollection services)
    {
        services.AddSingleton(this);
        foreach (Action<IServiceProvider, ZcrxOptions> action in _configure)
        {
            services.AddSingleton<IConfigureOptions<ZcrxOptions>>(provider => new ConfigureOptions<ZcrxOptions>(options => action(provider, options)));
        }

        foreach (IPostConfigureOptions<ZcrxOptions> action in PostConfigure)
        {
            services.AddSingleton(action);
        }

        _sources.ForEach(source => services.AddSingleton(source));
    }

    private sealed class NoServices : IServiceProvider
    {
        public static NoServices Instance { get; } = new();

        public object? GetService(Type serviceType) => null;
    }
}
