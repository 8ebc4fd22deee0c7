using Akka.DependencyInjection;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Zcrx.Actors.Hosting;

/// <summary>Runs a health check of Zcrx as a health check of Akka.Hosting.</summary>
internal sealed class AkkaHealthCheck(AkkaConfigurationBuilder builder, Func<ZcrxService, IHealthCheck> create) : IAkkaHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(AkkaHealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IServiceProvider services = DependencyResolver.For(context.ActorSystem).Resolver.GetService<IServiceProvider>();
        ZcrxService zcrx = AkkaRegistration.Find(builder)?.ServiceOf(services) ?? services.GetRequiredService<ZcrxService>();
        return create(zcrx).CheckHealthAsync(new HealthCheckContext { Registration = context.Registration }, cancellationToken);
    }
}
