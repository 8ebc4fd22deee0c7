using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.DependencyInjection;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors.Serialization;

namespace Zcrx.Actors.Hosting;

/// <summary>Connects Zcrx with one builder of Akka.Hosting: the settings that <c>WithZcrx</c> collected, and the running actors.</summary>
/// <remarks>Akka.Hosting calls <see cref="StartAsync"/> after all actors of <c>WithActors</c> have started.</remarks>
internal sealed class AkkaRegistration
{
    private static readonly ConditionalWeakTable<AkkaConfigurationBuilder, AkkaRegistration> Registrations = [];

    // Its streams end with the supervisor, so that nothing has to dispose it.
    private readonly Lazy<ZcrxService> _own = new(static () => new ZcrxService(TimeProvider.System));

    private TimeSpan? _phaseTimeout;

    public ZcrxSetup Setup { get; } = new();

    /// <summary>Gets the running actors; null before the start.</summary>
    public ZcrxLifetime? Lifetime { get; private set; }

    /// <summary>Returns the registration of a builder, which starts Zcrx with the builder's actor system.</summary>
    public static AkkaRegistration For(AkkaConfigurationBuilder builder)
    {
        if (Find(builder) is not { } registration)
        {
            registration = new AkkaRegistration();
            Registrations.Add(builder, registration);
            _ = builder.AddStartup((system, _) => registration.StartAsync(system));
        }

        return registration;
    }

    /// <summary>Returns the registration of a builder; null if <c>WithZcrx</c> was not called on it.</summary>
    public static AkkaRegistration? Find(AkkaConfigurationBuilder? builder) =>
        builder is not null && Registrations.TryGetValue(builder, out AkkaRegistration? registration) ? registration : null;

    /// <summary>
    /// Adds the settings of a hosted Zcrx to the actor system's configuration, as a fallback: the application's own settings take
    /// precedence.
    /// </summary>
    public void Configure(AkkaConfigurationBuilder builder)
    {
        TimeSpan timeout = SystemShutdown.PhaseTimeout(ZcrxSetup.DrainTimeoutOf([Setup]));
        TimeSpan? configured = builder.Configuration is { HasValue: true, Value: var config } && config.HasPath(SystemShutdown.PhaseTimeoutPath)
            ? config.GetTimeSpan(SystemShutdown.PhaseTimeoutPath)
            : null;
        // An earlier WithZcrx has set it to its own value.
        HoconAddMode mode = configured is not null && configured == _phaseTimeout ? HoconAddMode.Prepend : HoconAddMode.Append;
        _ = builder.AddHocon(SystemShutdown.Hosted(timeout), mode);
        _ = builder.AddHocon(NodeStatusSerializer.Hocon, HoconAddMode.Append);
        _phaseTimeout = timeout;
    }

    /// <summary>Returns the service that reports about these actors: the container's, if it has one.</summary>
    public ZcrxService ServiceOf(IServiceProvider services) => services.GetService<ZcrxService>() ?? _own.Value;

    private Task StartAsync(ActorSystem system)
    {
        IServiceProvider services = DependencyResolver.For(system).Resolver.GetService<IServiceProvider>();
        Lifetime = new ZcrxLifetime(services, system, ServiceOf(services), Setup);
        // Akka.Hosting passes no token. A host that is stopped while it starts must not wait for a predecessor of a takeover, or for a queue.
        return Lifetime.StartAsync(services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);
    }
}
