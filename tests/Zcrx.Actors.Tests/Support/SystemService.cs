using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Puts an actor system among the services the way Akka.Hosting does: a lazy singleton, started and ended by a hosted service of its own, through CoordinatedShutdown.</summary>
internal sealed class SystemService(IServiceProvider services, IHostApplicationLifetime lifetime) : IHostedService
{
    private CoordinatedShutdown _shutdown = null!;

    public static void Add(IServiceCollection services, string name, string hocon = "", Action<ActorSystem>? created = null)
    {
        services.AddSingleton(_ =>
        {
            ActorSystem system = ActorSystem.Create(name, BootstrapSetup.Create().WithConfig(hocon));
            created?.Invoke(system);
            return system;
        });
        services.AddHostedService<SystemService>();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        ActorSystem system = services.GetRequiredService<ActorSystem>();
        _shutdown = CoordinatedShutdown.Get(system);
        // An actor system that ends by itself takes the application with it.
        _ = system.WhenTerminated.ContinueWith(_ => lifetime.StopApplication(), TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance);
}
