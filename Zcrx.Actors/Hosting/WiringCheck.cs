using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Zcrx.Actors.Hosting;

/// <summary>Fails the start of the host if <see cref="IZcrx"/> is registered but nothing runs Zcrx.</summary>
/// <remarks>
/// A later <c>AddAkka</c> silently replaces the actor system of an earlier one, including its <c>WithZcrx</c>. This check turns the mistake
/// into an error.
/// </remarks>
internal sealed class WiringCheck(IServiceProvider services) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        bool isRun = services.GetServices<ZcrxSetup>().Any() || AkkaRegistration.Find(services.GetService<AkkaConfigurationBuilder>()) is not null;
        return isRun ? Task.CompletedTask : throw new InvalidOperationException(
            "services.AddZcrx() is called, but nothing runs Zcrx: the last AddAkka has no WithZcrx. Of several AddAkka calls only the last one counts, so call WithZcrx there. "
            + "Without Akka.Hosting, call services.AddZcrx(zcrx => ...) instead.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
