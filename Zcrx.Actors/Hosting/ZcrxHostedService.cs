using System.Diagnostics;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Diagnostics;
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
    OptionsReloader reloader,
    ILoggerFactory? loggerFactory = null) : IHostedLifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan NameTimeout = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Zcrx");
    private readonly Lock _gate = new();
    private ActorSystem? _system;
    private ZcrxMetrics? _metrics;
    private HandOver? _handOver;
    private Task? _stopping;
    private bool _ownsSystem;

    /// <summary>Before any service of the host is started: invalid options are reported before anything is opened.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        reloader.Watch();
        _ = options.Value;
        return Task.CompletedTask;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using Activity? activity = ZcrxActivities.Start("zcrx.start");
        try
        {
            ZcrxRuntime runtime = new(options.Value, zcrx.Directory, _logger, time);
            _handOver = await HandOver.BeginAsync(runtime, services.GetService<IHostApplicationLifetime>(), cancellationToken).ConfigureAwait(false);
            // Asked for here and not in the constructor, so that it does not matter who is registered first.
            ActorSystem? found = services.GetService<ActorSystem>();
            _ownsSystem = found is null;
            _system = found ?? OwnActorSystem.Create(options.Value.ActorSystemName, options.Value.DrainTimeout, _logger);
            ZcrxLog.UsingActorSystem(_logger, _system.Name, _ownsSystem ? "created for it" : "which the services have");
            Props props = ZcrxSupervisor.Create(runtime);
            props = options.Value.Dispatcher.Length > 0 ? props.WithDispatcher(options.Value.Dispatcher) : props;
            IActorRef supervisor = _system.ActorOf(props, options.Value.ActorName);
            zcrx.OnCreated(_system, supervisor, runtime);
            SystemShutdown.Register(_system, ClosePortsAsync, DrainAsync, () => StopTreeAsync(TimeSpan.Zero));
            zcrx.OnStarted(await WhenStartedAsync(supervisor, runtime, cancellationToken).ConfigureAwait(false));
            if (_handOver is not null)
            {
                await _handOver.CompleteAsync(_system, supervisor, cancellationToken).ConfigureAwait(false);
            }

            reloader.Start(
                changed => supervisor.Tell(new ZcrxSupervisor.ApplyOptions(changed)),
                (errors, cause) => supervisor.Tell(new ZcrxSupervisor.RefuseOptions(errors, cause)));
            _metrics = new ZcrxMetrics(runtime, services.GetService<System.Diagnostics.Metrics.IMeterFactory>());
            ZcrxLog.Started(_logger, runtime.Queues.Count, zcrx.EndPoints.Count == 0 ? "nothing" : string.Join(", ", zcrx.EndPoints));
        }
        catch (Exception exception)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                ZcrxLog.StartFailed(_logger, exception);
            }

            activity.End(exception);
            await StopEverythingAsync(TimeSpan.Zero).ConfigureAwait(false);
            throw;
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task stopping = StopEverythingAsync(zcrx.Runtime?.Options.DrainTimeout ?? TimeSpan.Zero);
        // The host's patience has an end: then what is still under way is cut off, in order.
        using CancellationTokenRegistration registration = cancellationToken.Register(HurryUp);
        await stopping.ConfigureAwait(false);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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

        reloader.Dispose();
        await StopTreeAsync(drain).ConfigureAwait(false);
        if (_ownsSystem)
        {
            await system.Terminate().ConfigureAwait(false);
        }
    }

    /// <summary>Once, whoever asks first: the host, the actor system, or a start that failed. Who asks later can only leave less time.</summary>
    private Task StopTreeAsync(TimeSpan drain)
    {
        lock (_gate)
        {
            if (_stopping is { IsCompleted: false } && zcrx.Runtime is not null)
            {
                zcrx.Supervisor.Tell(new ZcrxCommand.Stop(drain));
            }

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

            using Activity? activity = ZcrxActivities.Start("zcrx.stop");
            zcrx.Supervisor.Tell(new ZcrxCommand.Stop(drain));
            await zcrx.Runtime.Ended.ConfigureAwait(false);
            if (!_ownsSystem)
            {
                await Task.WhenAny(WhenNameIsFreeAsync(_system!, zcrx.Supervisor), _system!.WhenTerminated).ConfigureAwait(false);
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

    private async Task ClosePortsAsync(TimeSpan within)
    {
        if (zcrx.Runtime is not { Ended.IsCompleted: false } runtime)
        {
            return;
        }

        using CancellationTokenSource asking = new(within, time);
        try
        {
            Task answer = zcrx.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.CloseListeners(), Timeout.InfiniteTimeSpan, asking.Token);
            await Task.WhenAny(answer, runtime.Ended).ConfigureAwait(false);
        }
        finally
        {
            await asking.CancelAsync().ConfigureAwait(false);
        }
    }

    private Task DrainAsync(TimeSpan within)
    {
        TimeSpan configured = zcrx.Runtime?.Options.DrainTimeout ?? TimeSpan.Zero;
        return StopTreeAsync(within < configured ? within : configured);
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
