using System.Diagnostics;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Metrics;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Serialization;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors.Hosting;

/// <summary>
/// Starts the actors of Zcrx in an actor system, and stops them once. The host, the actor system or a failed start requests the stop.
/// </summary>
/// <remarks>Threading: the start is called once. Any thread may request a stop at any time.</remarks>
internal sealed class ZcrxLifetime : IAsyncDisposable
{
    private static readonly TimeSpan NameTimeout = TimeSpan.FromSeconds(5);

    private readonly IServiceProvider _services;
    private readonly ActorSystem _system;
    private readonly ZcrxService _zcrx;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ZcrxOptions _options;
    private readonly OptionsReloader _reloader;
    private readonly Lock _gate = new();
    private ZcrxMetrics? _metrics;
    private HostedTakeover? _takeover;
    private ZcrxTree? _tree;
    private Task? _stopping;

    /// <summary>Reads and validates the options. Changes of the sources after this call are applied once the tree has started.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="system">The actor system.</param>
    /// <param name="zcrx">Represents the tree for the application.</param>
    /// <param name="setup">The settings that <c>WithZcrx</c> collected; null if only <c>AddZcrx</c> was called.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// The options are invalid. The message lists every error.
    /// </exception>
    public ZcrxLifetime(IServiceProvider services, ActorSystem system, ZcrxService zcrx, ZcrxSetup? setup)
    {
        _services = services;
        _system = system;
        _zcrx = zcrx;
        _time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Zcrx");
        ZcrxOptionsSource source = new(services, system, setup);
        _reloader = new OptionsReloader(source);
        _reloader.Watch();
        _options = source.Create();
    }

    /// <summary>Opens the queues and binds the listeners.</summary>
    /// <exception cref="AggregateException">Several ports or queues cannot be opened.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">A port or a queue cannot be opened.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using Activity? activity = ZcrxActivities.Start("zcrx.start");
        try
        {
            NodeStatusSerializer.Bind(_system);
            ZcrxTree tree = _tree = new(_options, _zcrx.Directory, _time);
            _takeover = await HostedTakeover.BeginAsync(tree, _logger, _services.GetService<IHostApplicationLifetime>(), _time, cancellationToken).ConfigureAwait(false);
            IActorRef supervisor = CreateSupervisor(tree) ?? throw new OperationCanceledException("Zcrx was stopped before it had started.");
            SystemShutdown.Register(_system, ClosePortsAsync, DrainAsync, () => StopAsync(TimeSpan.Zero));
            if (await WhenStartedAsync(supervisor, tree, cancellationToken).ConfigureAwait(false) is null)
            {
                return;
            }

            _zcrx.OnStarted();
            WarnOfShortPhase(tree.Options.Value);
            if (_takeover is not null)
            {
                await _takeover.CompleteAsync(_system, supervisor, cancellationToken).ConfigureAwait(false);
            }

            _reloader.Start(
                changed =>
                {
                    WarnOfShortPhase(changed);
                    supervisor.Tell(new TreeMessage.ApplyOptions(changed));
                },
                (errors, cause) => supervisor.Tell(new TreeMessage.RefuseOptions(errors, cause)));
            CreateMetrics(tree);
            ZcrxLog.Started(_logger, tree.Queues.Length, _zcrx.EndPoints.Count == 0 ? "nothing" : string.Join<System.Net.IPEndPoint>(", ", _zcrx.EndPoints));
        }
        catch (Exception exception)
        {
            if (!cancellationToken.IsCancellationRequested && !(exception is OperationCanceledException && IsStopping))
            {
                ZcrxLog.StartFailed(_logger, exception);
            }

            activity.End(exception);
            await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
            // A stop that was requested before the takeover began has not disposed the takeover.
            await EndTakeoverAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the ports, delivers received bytes for at most the configured drain timeout, and closes everything.</summary>
    /// <param name="cancellationToken">Ends the delivery early.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task stopping = StopAsync(_zcrx.Tree?.Options.Value.DrainTimeout ?? TimeSpan.Zero);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => RequestStop(TimeSpan.Zero));
        await stopping.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    /// <summary>
    /// Warns if the drain timeout is longer than the shutdown phase in which Zcrx delivers received bytes. This phase limits the delivery
    /// if the actor system ends before the host.
    /// </summary>
    private void WarnOfShortPhase(ZcrxOptions options)
    {
        TimeSpan delivery = SystemShutdown.DeliveryTime(_system);
        if (delivery < options.DrainTimeout)
        {
            ZcrxLog.DeliveryPhaseIsShort(_logger, options.DrainTimeout, delivery, _system.Name, CoordinatedShutdown.PhaseServiceRequestsDone);
        }
    }

    private bool IsStopping
    {
        get
        {
            lock (_gate)
            {
                return _stopping is not null || _system.WhenTerminated.IsCompleted;
            }
        }
    }

    /// <summary>
    /// Creates the supervisor. Returns null if a stop was already requested, because that stop would not close what a later supervisor
    /// opens.
    /// </summary>
    private IActorRef? CreateSupervisor(ZcrxTree tree)
    {
        lock (_gate)
        {
            return _stopping is null ? Create(tree) : null;
        }
    }

    private IActorRef Create(ZcrxTree tree)
    {
        ActorRegistry registry = ActorRegistry.For(_system);
        IncomingQueues incoming = _takeover?.Queues ?? new IncomingQueues();
        bool isAccepting = _takeover is not { HasPredecessor: true };
        Props props = ZcrxSupervisor.Create(() => new ZcrxSupervisor(tree, incoming, _zcrx.Directory, _time, _logger, registry, isAccepting));
        props = _options.Dispatcher.Length > 0 ? props.WithDispatcher(_options.Dispatcher) : props;
        tree.HoldTermination(_system);
        IActorRef supervisor = _system.ActorOf(props, _options.ActorName);
        ZcrxLog.UsingActorSystem(_logger, _system.Name, supervisor.Path.ToStringWithoutAddress());
        registry.Register<ZcrxSupervisor>(supervisor, overwrite: true);
        _zcrx.OnCreated(_system, supervisor, tree);
        _system.ActorOf(Props.Create(() => new EventTally(tree.Tally, supervisor)).WithDeploy(Deploy.Local));
        return supervisor;
    }

    /// <summary>
    /// Creates the metrics. Does nothing if a stop was already requested, because that stop may end too early to dispose the metrics.
    /// </summary>
    private void CreateMetrics(ZcrxTree tree)
    {
        lock (_gate)
        {
            _metrics = _stopping is null ? new ZcrxMetrics(tree, _services.GetService<System.Diagnostics.Metrics.IMeterFactory>()) : null;
        }
    }

    /// <summary>Begins the stop, or joins a stop in progress. A later call can only shorten the drain time.</summary>
    private Task StopAsync(TimeSpan drain)
    {
        lock (_gate)
        {
            if (_stopping is { IsCompleted: false })
            {
                RequestStop(drain);
            }

            // Runs outside the lock: disposing the reloader waits for application code that is configuring options.
            return _stopping ??= Task.Run(RunAsync);
        }

        async Task RunAsync()
        {
            _reloader.Dispose();
            // Ends the takeover first: a successor must not take over a listener or queue that is about to be closed.
            await EndTakeoverAsync().ConfigureAwait(false);
            if (_zcrx.Tree is null)
            {
                return;
            }

            using Activity? activity = ZcrxActivities.Start("zcrx.stop");
            RequestStop(drain);
            await _zcrx.Tree.End.Ended.ConfigureAwait(false);
            _metrics?.Dispose();
            await Task.WhenAny(WhenNameIsFreeAsync(), _system.WhenTerminated).ConfigureAwait(false);
        }
    }

    private void RequestStop(TimeSpan drain)
    {
        if (_zcrx.Tree is not null)
        {
            _zcrx.Supervisor.Tell(new ZcrxCommand.Stop(drain));
        }
    }

    /// <summary>
    /// Waits until the parent of the supervisor has processed the end of the supervisor. Until then, a new start in the same actor system
    /// would find the actor name in use.
    /// </summary>
    private async Task WhenNameIsFreeAsync()
    {
        try
        {
            // GracefulStop returns after the parent was notified of the supervisor's end. The parent handles Identify after that
            // notification, so its answer proves that the name is free.
            await _zcrx.Supervisor.GracefulStop(NameTimeout).ConfigureAwait(false);
            await _system.ActorSelection(_zcrx.Supervisor.Path.Parent).Ask<ActorIdentity>(new Identify(null), NameTimeout).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // The actor system is ending or overloaded. The stop itself is complete.
        }
    }

    private async ValueTask EndTakeoverAsync()
    {
        if (_takeover is not null)
        {
            await _takeover.DisposeAsync().ConfigureAwait(false);
            if (_zcrx.Tree is null)
            {
                // No supervisor was created, so no actor closes the sockets that came from the predecessor.
                _tree?.CloseListeners();
            }
        }
    }

    private async Task ClosePortsAsync(TimeSpan within)
    {
        if (_zcrx.Tree is not { End.Ended.IsCompleted: false } tree)
        {
            return;
        }

        using CancellationTokenSource asking = new(within, _time);
        try
        {
            Task answer = _zcrx.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.CloseListeners(), Timeout.InfiniteTimeSpan, asking.Token);
            await Task.WhenAny(answer, tree.End.Ended).ConfigureAwait(false);
        }
        finally
        {
            await asking.CancelAsync().ConfigureAwait(false);
        }
    }

    private Task DrainAsync(TimeSpan within)
    {
        TimeSpan configured = _zcrx.Tree?.Options.Value.DrainTimeout ?? TimeSpan.Zero;
        return StopAsync(within < configured ? within : configured);
    }

    /// <summary>Waits until the start is over, and returns the status. Returns null if a stop ended the start.</summary>
    private async Task<ZcrxStatus?> WhenStartedAsync(IActorRef supervisor, ZcrxTree tree, CancellationToken cancellationToken)
    {
        using CancellationTokenSource asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<ZcrxStatus> answer = supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted(), Timeout.InfiniteTimeSpan, asking.Token);
        bool isAnswered = await Task.WhenAny(answer, tree.End.Ended).ConfigureAwait(false) == answer;
        if (isAnswered && (answer.IsCompletedSuccessfully || !IsStopping))
        {
            return await answer.ConfigureAwait(false);
        }

        await asking.CancelAsync().ConfigureAwait(false);
        return IsStopping ? null : throw new InvalidOperationException("Zcrx was stopped before it had started.");
    }
}
