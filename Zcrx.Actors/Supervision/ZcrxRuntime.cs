using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>What the actors share, and what outlives each of them.</summary>
internal sealed class ZcrxRuntime
{
    private readonly TaskCompletionSource<ZcrxStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ZcrxOptions _options;
    private volatile Task _undone = Task.CompletedTask;
    private volatile Task _terminated = Task.CompletedTask;
    private bool _endedUnasked;
    private bool _hasSupervisor;

    /// <exception cref="ZcrxConfigurationException">The options are invalid.</exception>
    public ZcrxRuntime(ZcrxOptions options, QueueDirectory directory, ILogger logger, TimeProvider time)
    {
        ZcrxConfigurationException.ThrowIfAny(options.Validate());
        _options = options;
        Directory = directory;
        Logger = logger;
        Steering = new JournaledSteering(text => ZcrxLog.Journal(logger, text));
        Time = time;
        Queues = [.. options.EffectiveQueues().Select(static queue => new QueueSlot(queue))];
        Listeners = [.. options.Listeners.Select(static listener => new ListenerSlot(listener))];
    }

    /// <summary>What applies now.</summary>
    public ZcrxOptions Options { get => _options; private set => _options = value; }

    public ConnectionDirectory Connections { get; } = new();

    public QueueDirectory Directory { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    public IReadOnlyList<QueueSlot> Queues { get; }

    public IReadOnlyList<ListenerSlot> Listeners { get; }

    /// <summary>Gets Akka.Hosting's registry of actors; null without hosting.</summary>
    public ActorRegistry? Registry { get; init; }

    /// <summary>Set before the supervisor is created: nothing is accepted before <see cref="ZcrxSupervisor.BeginAccepting"/>, since another process still does.</summary>
    public bool AcceptsLater { get; set; }

    /// <summary>Whether the supervisor has ended without having been told to stop.</summary>
    public bool HasEndedUnasked { get => Volatile.Read(ref _endedUnasked); set => Volatile.Write(ref _endedUnasked, value); }

    /// <summary>The open queues as those that share their connections.</summary>
    public ZcrxQueueGroup Group { get; } = new();

    /// <summary>Steers the machine's interfaces, so that it can be undone.</summary>
    public JournaledSteering Steering { get; }

    /// <summary>What the rebalancer has done.</summary>
    public RebalancingRecord Rebalancing { get; } = new();

    /// <summary>Ends with the last status once the supervisor has ended and everything is closed, however that came about.</summary>
    public Task<ZcrxStatus> Ended => _ended.Task;

    /// <summary>What the options do not say is taken from this system's configuration.</summary>
    /// <exception cref="ZcrxConfigurationException">Together they are invalid.</exception>
    public void UseDefaultsOf(ActorSystem system)
    {
        Options.UseDefaultsOf(system);
        ZcrxConfigurationException.ThrowIfAny(Options.Validate());
    }

    /// <summary>From now on a queue shares its connections with the others. It may be told so again.</summary>
    public void Join(ZcrxQueue queue, ZcrxQueueOptions options)
    {
        if (!Group.Queues.Contains(queue))
        {
            Group.Add(queue, NicAccess.Of(queue, options, Options.Rebalancing, Steering)?.Facts);
        }
    }

    /// <summary>Takes over options that are valid.</summary>
    public void Reconfigure(ZcrxOptions options) => Options = options;

    /// <summary>Ends when every queue is closed, and every connection is closed and its end reported.</summary>
    public async Task WhenAllIsClosed()
    {
        try
        {
            await Task.WhenAll(Queues.Select(static queue => queue.Closed)).ConfigureAwait(false);
        }
        finally
        {
            // Only now: a queue that closes may still hand out what it had accepted.
            await Connections.WhenIdle().ConfigureAwait(false);
        }
    }

    /// <summary>Ends when what rebalancers steered that ended abruptly is undone. Never faults.</summary>
    public Task Undone => _undone;

    /// <summary>
    /// A rebalancer has ended without finishing: undoes what it steered, on the thread pool and not on the actor's dispatcher. The next
    /// rebalancer and <see cref="Ended"/> wait for it.
    /// </summary>
    public void Undo(Steering steering, RebalancingReport report) => _undone = UndoAsync(_undone, steering, report);

    /// <summary>Observes the supervisor's end from its start on.</summary>
    /// <remarks>
    /// Akka notifies the parent first, and this watch after it. A watch that begins when the supervisor is ending can be answered before the
    /// parent is notified, and the supervisor's name is then still in use. <c>WatchAsync</c> does not fail.
    /// </remarks>
    public void Watch(IActorRef supervisor)
    {
        Volatile.Write(ref _hasSupervisor, true);
        _terminated = Task.Run(() => supervisor.WatchAsync());
    }

    /// <summary>Ends when everything is closed, also if the actor system ended before the supervisor could run: then nothing was opened.</summary>
    public async Task<ZcrxStatus> EndedWith(ActorSystem system)
    {
        if (await Task.WhenAny(_ended.Task, system.WhenTerminated).ConfigureAwait(false) != _ended.Task && !Volatile.Read(ref _hasSupervisor))
        {
            foreach (ListenerSlot listener in Listeners)
            {
                listener.Close();
            }

            OnEnded(new ZcrxStatus { State = ZcrxState.Stopped, Time = Time.GetUtcNow() });
        }

        return await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>The supervisor has ended.</summary>
    public void OnEnded(ZcrxStatus last)
    {
        Directory.Complete();
        _ = EndAsync(last);
    }

    /// <summary>Never faults: what closing failed with is reported where it happened.</summary>
    private async Task EndAsync(ZcrxStatus last)
    {
        await WhenAllIsClosed().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Undone.ConfigureAwait(false);
        await _terminated.ConfigureAwait(false);
        _ended.TrySetResult(last);
    }

    private async Task UndoAsync(Task earlier, Steering steering, RebalancingReport report)
    {
        await earlier.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            foreach (RebalanceEvent happened in steering.UndoAll())
            {
                report.Publish(happened);
            }

            Rebalancing.RulesInPlace(0);
        }
#pragma warning disable CA1031 // A logger that throws must not keep the process from ending.
        catch (Exception)
#pragma warning restore CA1031
        {
            // Undoing reports its failures itself; only reporting can have failed.
        }
    }
}
