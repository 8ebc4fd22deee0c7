using Akka;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Metrics;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors.Hosting;

/// <summary>Starts the tree with the host and drains it with the host, or with the actor system if that ends first.</summary>
internal sealed class ZcrxHostedService(
    IServiceProvider services,
    IOptions<ZcrxOptions> options,
    ZcrxService zcrx,
    TimeProvider time,
    ILoggerFactory? loggerFactory = null) : IHostedService, IAsyncDisposable
{
    private const string ActorName = "zcrx";

    private static readonly TimeSpan NameTimeout = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Zcrx");
    private readonly Lock _gate = new();
    private ActorSystem? _system;
    private ZcrxMetrics? _metrics;
    private HandOver? _handOver;
    private Task? _stopping;
    private bool _ownsSystem;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            ZcrxRuntime runtime = new(options.Value, zcrx.Directory, _logger, time);
            _handOver = await HandOver.BeginAsync(runtime, services.GetService<IHostApplicationLifetime>(), cancellationToken).ConfigureAwait(false);
            // Asked for here and not in the constructor, so that it does not matter who is registered first.
            ActorSystem? found = services.GetService<ActorSystem>();
            _ownsSystem = found is null;
            _system = found ?? OwnActorSystem.Create(options.Value.ActorSystemName, _logger);
            ZcrxLog.UsingActorSystem(_logger, _system.Name, _ownsSystem ? "created for it" : "which the services have");
            IActorRef supervisor = _system.ActorOf(ZcrxSupervisor.Create(runtime), ActorName);
            zcrx.OnCreated(_system, supervisor, runtime);
            DrainWithTheSystem(_system);
            zcrx.OnStarted(await WhenStartedAsync(supervisor, runtime, cancellationToken).ConfigureAwait(false));
            if (_handOver is not null)
            {
                await _handOver.CompleteAsync(_system, supervisor, cancellationToken).ConfigureAwait(false);
            }

            _metrics = new ZcrxMetrics(runtime, services.GetService<System.Diagnostics.Metrics.IMeterFactory>());
            ZcrxLog.Started(_logger, runtime.Queues.Count, zcrx.EndPoints.Count == 0 ? "nothing" : string.Join(", ", zcrx.EndPoints));
        }
        catch (Exception exception)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                ZcrxLog.StartFailed(_logger, exception);
            }

            await StopEverythingAsync(TimeSpan.Zero).ConfigureAwait(false);
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task stopping = StopEverythingAsync(options.Value.DrainTimeout);
        // The host's patience has an end: then what is still under way is cut off, in order.
        using CancellationTokenRegistration registration = cancellationToken.Register(HurryUp);
        await stopping.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopEverythingAsync(TimeSpan.Zero).ConfigureAwait(false);
        _metrics?.Dispose();
    }

    private async Task StopEverythingAsync(TimeSpan drain)
    {
        if (_system is not { } system)
        {
            await EndHandOverAsync().ConfigureAwait(false);
            return;
        }

        await StopTreeAsync(system, drain).ConfigureAwait(false);
        if (_ownsSystem)
        {
            await system.Terminate().ConfigureAwait(false);
        }
    }

    /// <summary>Once, whoever asks first: the host, the actor system, or a start that failed.</summary>
    private Task StopTreeAsync(ActorSystem system, TimeSpan drain)
    {
        lock (_gate)
        {
            return _stopping ??= RunAsync();
        }

        async Task RunAsync()
        {
            // First: a successor that comes now would be given what is about to be closed.
            await EndHandOverAsync().ConfigureAwait(false);
            if (zcrx.Runtime is null)
            {
                return;
            }

            zcrx.Supervisor.Tell(new ZcrxCommand.Stop(drain));
            await zcrx.Runtime.Ended.ConfigureAwait(false);
            if (!_ownsSystem)
            {
                await Task.WhenAny(WhenNameIsFreeAsync(system, zcrx.Supervisor), system.WhenTerminated).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits until the supervisor's parent has heard of its end: whoever starts us in this system again must not find the name taken.</summary>
    private static async Task WhenNameIsFreeAsync(ActorSystem system, IActorRef supervisor)
    {
        try
        {
            // Who watches is told after the parent has been sent the same, and the parent answers after having worked that off.
            await supervisor.GracefulStop(NameTimeout).ConfigureAwait(false);
            await system.ActorSelection(supervisor.Path.Parent).Ask<ActorIdentity>(new Identify(null), NameTimeout).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // The system is ending or overwhelmed; the stop itself is complete.
        }
    }

    private async ValueTask EndHandOverAsync()
    {
        if (_handOver is not null)
        {
            await _handOver.DisposeAsync().ConfigureAwait(false);
            if (zcrx.Runtime is null)
            {
                _handOver.CloseListeners();
            }
        }
    }

    private void HurryUp()
    {
        if (zcrx.Runtime is not null)
        {
            zcrx.Supervisor.Tell(new ZcrxCommand.Stop(TimeSpan.Zero));
        }
    }

    private void DrainWithTheSystem(ActorSystem system)
    {
        CoordinatedShutdown shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "zcrx-drain", async () =>
        {
            // A phase is cut off at its timeout: leave some of it for closing what could not be drained.
            TimeSpan phase = shutdown.Timeout(CoordinatedShutdown.PhaseServiceUnbind) * 0.8;
            await StopTreeAsync(system, phase < options.Value.DrainTimeout ? phase : options.Value.DrainTimeout).ConfigureAwait(false);
            return Done.Instance;
        });
    }

    private static async Task<ZcrxStatus> WhenStartedAsync(IActorRef supervisor, ZcrxRuntime runtime, CancellationToken cancellationToken)
    {
        using CancellationTokenSource asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<ZcrxStatus> answer = supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted(), Timeout.InfiniteTimeSpan, asking.Token);
        if (await Task.WhenAny(answer, runtime.Ended).ConfigureAwait(false) == answer)
        {
            return await answer.ConfigureAwait(false);
        }

        await asking.CancelAsync().ConfigureAwait(false);
        throw new InvalidOperationException("Zcrx was stopped before it had started.");
    }
}
