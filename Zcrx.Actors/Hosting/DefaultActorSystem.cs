using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors.Serialization;
using LogLevel = Akka.Event.LogLevel;

namespace Zcrx.Actors.Hosting;

/// <summary>
/// Adds an actor system through Akka.Hosting if the services have no actor system. A later <c>AddAkka</c> of the application replaces it.
/// </summary>
internal static class DefaultActorSystem
{
    private const string Name = "zcrx";

    private static readonly ConditionalWeakTable<AkkaConfigurationBuilder, Origin> Builders = [];

    public static void TryAdd(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(ActorSystem)))
        {
            return;
        }

        // AddAkka also registers health checks, and a later AddAkka of the application would register them twice. So only the services of
        // Akka are copied from a separate collection.
        ServiceCollection added = [];
        added.AddAkka(Name, static (akka, provider) => Configure(akka, provider));
        foreach (ServiceDescriptor service in added)
        {
            if (service.ServiceType == typeof(IHostedService) || IsOfAkka(service.ServiceType))
            {
                services.Add(service);
            }
        }
    }

    /// <summary>
    /// Throws if an actor system was registered after <c>AddZcrx</c> and without Akka.Hosting. Otherwise the host would run two actor
    /// systems.
    /// </summary>
    public static void ThrowIfReplaced(ActorSystem system, AkkaConfigurationBuilder? builder)
    {
        if (builder is not null && Builders.TryGetValue(builder, out _) && !system.Settings.Setup.Get<Origin>().HasValue)
        {
            throw new InvalidOperationException(
                $"The services have two actor systems: {system.Name}, registered without Akka.Hosting after AddZcrx, and the default one of AddZcrx. Register yours before AddZcrx, or create it with services.AddAkka.");
        }
    }

    private static bool IsOfAkka(Type type) => type.Assembly == typeof(AkkaConfigurationBuilder).Assembly || type.Assembly == typeof(ActorSystem).Assembly;

    private static void Configure(AkkaConfigurationBuilder akka, IServiceProvider services)
    {
        Origin origin = new();
        Builders.Add(akka, origin);
        _ = akka.AddSetup(origin);
        _ = akka.ConfigureLoggers(static logging =>
        {
            _ = logging.ClearLoggers().AddLoggerFactory();
            logging.LogLevel = LogLevel.WarningLevel;
        });
        // The scheduler wakes up 10 times a second instead of 100. Zcrx needs no finer timer, and each wake-up makes the thread pool spin.
        _ = akka.AddHocon("akka.scheduler.tick-duration = 100ms", HoconAddMode.Append);
        _ = akka.AddHocon(NodeStatusSerializer.Hocon, HoconAddMode.Append);
        TimeSpan drain = ZcrxSetup.DrainTimeoutOf(services.GetServices<ZcrxSetup>());
        _ = akka.AddHocon(SystemShutdown.Hosted(SystemShutdown.PhaseTimeout(drain)), HoconAddMode.Append);
    }

    /// <summary>Marks an actor system that this class created.</summary>
    private sealed class Origin : Setup;
}
