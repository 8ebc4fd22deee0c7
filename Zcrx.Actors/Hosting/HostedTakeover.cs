using System.Diagnostics;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Listening;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Hosting;

/// <summary>
/// Takes over the listeners and queues of a predecessor before the actor tree starts. Later lets a successor take over from this process.
/// The host stops after the remaining connections have ended.
/// </summary>
internal sealed class HostedTakeover : ITakeoverSource, IAsyncDisposable
{
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(10);

    private readonly ZcrxTakeover _takeover;
    private readonly ZcrxTree _tree;
    private readonly ILogger _logger;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private ActorSystem _system = null!;
    private IActorRef _supervisor = ActorRefs.Nobody;
    private Task _lingering = Task.CompletedTask;
    private Task _closing = Task.CompletedTask;
    private int _disposed;

    private HostedTakeover(ZcrxTakeover takeover, ZcrxTree tree, ILogger logger, IHostApplicationLifetime? lifetime, TimeProvider time)
    {
        _time = time;
        _takeover = takeover;
        _tree = tree;
        _logger = logger;
        _lifetime = lifetime;
    }

    /// <summary>
    /// Gets a value indicating whether this process takes over from a running predecessor. The predecessor accepts connections until
    /// <see cref="CompleteAsync"/>.
    /// </summary>
    public bool HasPredecessor => _takeover.PredecessorId is not null;

    /// <summary>Gets the queues of the predecessor that this process has not opened yet.</summary>
    public IncomingQueues Queues { get; } = new();

    private int Connections => _tree.Listeners.Value.Sum(static listener => listener.Connections);

    private ZcrxHostedTakeoverOptions Options => _tree.Options.Value.Takeover;

    /// <summary>Takes over the listeners and queues of the predecessor, which keeps accepting until <see cref="CompleteAsync"/>.</summary>
    /// <returns>The takeover; null if none is configured.</returns>
    public static async Task<HostedTakeover?> BeginAsync(ZcrxTree tree, ILogger logger, IHostApplicationLifetime? lifetime, TimeProvider time, CancellationToken cancellationToken)
    {
        ZcrxHostedTakeoverOptions options = tree.Options.Value.Takeover;
        if (options.Path is null)
        {
            return null;
        }

        ZcrxTakeover takeover = await ZcrxTakeover.OpenAsync(options.ToTakeoverOptions(), cancellationToken).ConfigureAwait(false);
        foreach (ListenerSlot listener in tree.Listeners.Value)
        {
            _ = listener.TryTakeOver(takeover);
        }

        if (options.ListenerTimeout > TimeSpan.Zero)
        {
            tree.KeptPorts.Add(takeover.TakeListeners());
        }

        HostedTakeover hosted = new(takeover, tree, logger, lifetime, time);
        foreach (QueueSnapshot queue in tree.Queues.Select(static queue => queue.Value))
        {
            if (takeover.TakeQueue(queue.Options) is { } incoming)
            {
                hosted.Queues.Add(queue.Name, incoming);
                ZcrxLog.QueueTakenOver(logger, incoming.Name, takeover.PredecessorId!.Value);
                _ = ReportReleaseAsync(incoming, takeover.PredecessorId.Value, logger);
            }
        }

        return hosted;
    }

    /// <summary>
    /// Lets this process accept connections instead of its predecessor. Then begins to serve the takeover requests of a later process.
    /// Called when the actor tree has started.
    /// </summary>
    public async Task CompleteAsync(ActorSystem system, IActorRef supervisor, CancellationToken cancellationToken)
    {
        _system = system;
        _supervisor = supervisor;
        using Activity? activity = ZcrxActivities.Start("zcrx.takeover.take");
        activity?.SetTag("zcrx.takeover.predecessor", _takeover.PredecessorId);
        await _takeover.CommitAsync(cancellationToken).ConfigureAwait(false);
        if (_takeover.PredecessorId is { } predecessor)
        {
            supervisor.Tell(new TreeMessage.BeginAccepting());
            ZcrxLog.TookOver(_logger, predecessor, string.Join(", ", _takeover.ListenerEndPoints));
            system.EventStream.Publish(new ZcrxEvent.TookOver(predecessor));
            _closing = CloseKeptPortsAsync();
        }

        _takeover.Serve(this);
        ZcrxLog.OffersTakeover(_logger, Options.Path!);
    }

    public IReadOnlyList<KeyValuePair<string, Socket>> GetListeners()
    {
        // The kept ports are read before the published listeners. A port is published before it is removed from the kept ports, so it is
        // in at least one of the two lists.
        IReadOnlyList<KeyValuePair<string, Socket>> kept = _tree.KeptPorts.All;
        List<KeyValuePair<string, Socket>> listeners = [];
        foreach (ListenerSlot listener in _tree.Listeners.Value)
        {
            if (listener.Socket is { } socket)
            {
                listeners.Add(KeyValuePair.Create(listener.Name, socket));
            }
        }

        return [.. listeners.Concat(kept).DistinctBy(static port => port.Value)];
    }

    public IReadOnlyList<ZcrxQueue> GetQueues() => [.. _tree.Queues.Select(static queue => queue.Value).Where(static queue => queue.IsOpen).Select(static queue => queue.Current).OfType<ZcrxQueue>()];

    public void OnQueueStays(string queue, string reason) => ZcrxLog.QueueStays(_logger, queue, reason);

    public void OnQueueCameBack(string queue) => ZcrxLog.QueueCameBack(_logger, queue);

    public async Task ReleaseAsync(int successor)
    {
        _lingering = LingerAsync();
        _tree.KeptPorts.Close();
        using Activity? activity = ZcrxActivities.Start("zcrx.takeover.release");
        activity?.SetTag("zcrx.takeover.successor", successor).SetTag("zcrx.connection.count", Connections);
        try
        {
            await _supervisor.Ask<ZcrxStatus>(new TreeMessage.StopAccepting(), ReleaseTimeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException exception)
        {
            activity.End(exception);
            // A queue did not answer in time. The successor accepts anyway, because at least one of the two processes must accept. For a
            // while, both of them may accept.
        }

        ZcrxLog.TakenOver(_logger, successor, Connections, Options.Linger);
        _system.EventStream.Publish(new ZcrxEvent.TakenOver(successor));
    }

    public void OnAttemptFailed(Exception cause) => ZcrxLog.TakeoverFailed(_logger, cause);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _takeover.DisposeAsync().ConfigureAwait(false);
        // Disposes the queues that a failed start did not open. After a successful start, none are left.
        Queues.Dispose();
        _tree.KeptPorts.Close();
        await _closing.ConfigureAwait(false);
        await _lingering.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static async Task ReportReleaseAsync(IncomingQueue queue, int predecessor, ILogger logger)
    {
        try
        {
            int leased = await queue.Released.ConfigureAwait(false);
            ZcrxLog.QueueReleased(logger, predecessor, queue.Name, leased);
        }
        catch (OperationCanceledException)
        {
            // This process closed the queue before the predecessor released its last buffer, so there is no release to log.
        }
    }

    /// <summary>Closes the predecessor's ports that no listener has taken within the configured time.</summary>
    private async Task CloseKeptPortsAsync()
    {
        IReadOnlyList<string> kept = _tree.KeptPorts.Waiting;
        if (kept.Count == 0)
        {
            return;
        }

        TimeSpan time = Options.ListenerTimeout;
        ZcrxLog.PortsKept(_logger, string.Join(", ", kept), time);
        await Task.Delay(time, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_tree.KeptPorts.Close() is { Count: > 0 } closed)
        {
            ZcrxLog.PortsNotBound(_logger, string.Join(", ", closed), time);
        }
    }

    /// <summary>Waits until the last connection has ended or the linger time is over, then stops the host.</summary>
    private async Task LingerAsync()
    {
        using CancellationTokenSource linger = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        linger.CancelAfter(Options.Linger);
        try
        {
            await _supervisor.Ask<ZcrxStatus>(new TreeMessage.WhenIdle(), Timeout.InfiniteTimeSpan, linger.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            ZcrxLog.Lingered(_logger, Connections, Options.Linger);
        }

        _lifetime?.StopApplication();
    }
}
