using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Zcrx.Actors.Hosting;

/// <summary>Starts and stops Zcrx with the host, if <c>AddZcrx</c> was called on the services.</summary>
/// <remarks>
/// The hosted service of Akka.Hosting is registered before this one. Therefore the actors of <c>WithActors</c> have started when the ports
/// open, and they run until Zcrx has stopped.
/// </remarks>
internal sealed class ZcrxHostedService(IServiceProvider services, ZcrxService zcrx) : IHostedLifecycleService, IAsyncDisposable, IDisposable
{
    private ZcrxLifetime? _lifetime;
    private AkkaRegistration? _registration;

    /// <summary>Gets the lifetime of the actors that this service started, or that <c>WithZcrx</c> started in the same services.</summary>
    private ZcrxLifetime? Lifetime => _lifetime ?? _registration?.Lifetime;

    /// <summary>Reports invalid options before any service of the host is started.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        ActorSystem system = services.GetRequiredService<ActorSystem>();
        AkkaConfigurationBuilder? akka = services.GetService<AkkaConfigurationBuilder>();
        DefaultActorSystem.ThrowIfReplaced(system, akka);
        _registration = AkkaRegistration.Find(akka);
        if (_registration is null)
        {
            _lifetime = new ZcrxLifetime(services, system, zcrx, setup: null);
        }

        return Task.CompletedTask;
    }

    /// <summary>Starts Zcrx. Does nothing if <c>WithZcrx</c> was called, because Akka.Hosting has started Zcrx then.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _lifetime?.StartAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Lifetime?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => Lifetime?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>
    /// Requests a stop and does not wait for it, because a synchronous disposal must not block on actors. After a regular stop of the host,
    /// there is nothing left to stop.
    /// </summary>
    public void Dispose() => _ = Lifetime?.DisposeAsync().AsTask();
}
