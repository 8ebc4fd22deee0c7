using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.DependencyInjection;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors.Serialization;

namespace Zcrx.Actors.Hosting;

/// <summary>Holds the settings that <c>WithZcrx</c> collected on one builder of Akka.Hosting, and the actors that run with them.</summary>
/// <remarks>Akka.Hosting calls <see cref="StartAsync"/> after all actors of <c>WithActors</c> have started.</remarks>
internal sealed class AkkaRegistration
{
    private static readonly ConditionalWeakTable<AkkaConfigurationBuilder, AkkaRegistration> Registrations = [];

    // Used if the container has no ZcrxService. This one need not be disposed: disposal only completes the event streams, and the
    // supervisor completes them when it ends.
    private readonly Lazy<ZcrxService> _own = new(static () => new ZcrxService(TimeProvider.System));

    private TimeSpan? _phaseTimeout;

    public ZcrxSetup Setup { get; } = new();

    /// <summary>Gets the lifetime of the actors; null before the start.</summary>
    public ZcrxLifetime? Lifetime { get; private set; }

    /// <summary>
    /// Returns the registration of a builder. The first call creates the registration, which starts Zcrx with the actor system.
    /// </summary>
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
    /// Adds default settings for a hosted Zcrx to the configuration of the actor system. Settings of the application take precedence.
    /// </summary>
    public void Configure(AkkaConfigurationBuilder builder)
    {
        TimeSpan timeout = SystemShutdown.PhaseTimeout(ZcrxSetup.DrainTimeoutOf([Setup]));
        TimeSpan? configured = builder.Configuration is { HasValue: true, Value: var config } && config.HasPath(SystemShutdown.PhaseTimeoutPath)
            ? config.GetTimeSpan(SystemShutdown.PhaseTimeoutPath)
            : null;
        // A timeout that the application has configured takes precedence. A timeout that an earlier WithZcrx has set is replaced.
        HoconAddMode mode = configured is not null && configured == _phaseTimeout ? HoconAddMode.Prepend : HoconAddMode.Append;
        _ = builder.AddHocon(SystemShutdown.Hosted(timeout), mode);
        _ = builder.AddHocon(NodeStatusSerializer.Hocon, HoconAddMode.Append);
        _phaseTimeout = timeout;
    }

    /// <summary>
    /// Returns the service that represents these actors. It comes from the container, or from this registration if the container has none.
    /// </summary>
    public ZcrxService ServiceOf(IServiceProvider services) => services.GetService<ZcrxService>() ?? _own.Value;

    private Task StartAsync(ActorSystem system)
    {
        IServiceProvider services = DependencyResolver.For(system).Resolver.GetService<IServiceProvider>();
        Lifetime = new ZcrxLifetime(services, system, ServiceOf(services), Setup);
        // Akka.Hosting passes no cancellation token. The token of the host ends the wait for a predecessor or a queue if the host is
        // stopped during its start.
        return Lifetime.StartAsync(services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);
    }
}
