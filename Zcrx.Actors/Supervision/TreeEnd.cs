using System.Collections.Concurrent;
using Akka.Actor;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Queues;
using Zcrx.Rx.Ring;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Represents the end of an actor tree. A tree has ended when its supervisor has ended, everything is closed, and all steering is undone.
/// </summary>
/// <remarks>Threading: all members are callable on any thread.</remarks>
internal sealed class TreeEnd(ConnectionDirectory connections, QueueDirectory directory)
{
    // Closing normally takes milliseconds. The limit is needed because a consumer that blocks its ring thread must not delay the end of the
    // process.
    private static readonly TimeSpan ClosingTimeout = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<ZcrxStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, OutstandingWork> _parts = new(StringComparer.Ordinal);
    private volatile Task _terminated = Task.CompletedTask;
    private volatile bool _hasSupervisor;
    private volatile bool _isStopRequested;
    private volatile bool _endedUnasked;

    /// <summary>Gets the work of all actors that continues after their end.</summary>
    public OutstandingWork Outstanding { get; } = new();

    /// <summary>
    /// Returns the part of <see cref="Outstanding"/> that belongs to one actor. A later actor with the same name waits only for this part.
    /// </summary>
    public OutstandingWork OutstandingOf(string actor) => _parts.GetOrAdd(actor, _ => new OutstandingWork(Outstanding));

    /// <summary>Gets a task that completes with the last status when the actor tree has ended.</summary>
    public Task<ZcrxStatus> Ended => _ended.Task;

    /// <summary>Gets a value indicating whether the supervisor has ended although no stop was requested.</summary>
    public bool HasEndedUnasked => _endedUnasked;

    /// <summary>
    /// Gets or sets a value indicating whether a stop was requested. A supervisor that fails after this request is not restarted.
    /// </summary>
    public bool IsStopRequested { get => _isStopRequested; set => _isStopRequested = value; }

    /// <summary>Watches the end of the supervisor. Called when the supervisor starts.</summary>
    /// <remarks>
    /// Akka notifies the parent of the supervisor before this watch. So the name of the actor is free when the watch ends. A watch that
    /// began during the end of the supervisor could be notified before the parent.
    /// </remarks>
    public void Watch(IActorRef supervisor)
    {
        _hasSupervisor = true;
        _terminated = PoolWork.RunAsync(() => supervisor.WatchAsync());
    }

    /// <summary>
    /// Delays the end of the actor system until everything is closed, so that the ports are closed when the host has stopped.
    /// </summary>
    /// <param name="system">The actor system.</param>
    /// <param name="hasNotBegun">Returns the status to report if the actor system ended before the supervisor ran.</param>
    public void HoldTermination(ActorSystem system, Func<ZcrxStatus> hasNotBegun) => system.RegisterOnTermination(() =>
    {
        if (!_hasSupervisor)
        {
            OnEnded(hasNotBegun(), isUnasked: false);
        }

#pragma warning disable RS0030 // The callback of Akka is synchronous, so it blocks. No actor exists any more that could need this thread.
        _ended.Task.Wait(ClosingTimeout);
#pragma warning restore RS0030
    });

    /// <summary>Begins the end of the tree, because the supervisor and all its children have ended.</summary>
    /// <param name="last">The last status.</param>
    /// <param name="isUnasked">True if the supervisor ended although no stop was requested.</param>
    public void OnEnded(ZcrxStatus last, bool isUnasked)
    {
        _endedUnasked |= isUnasked;
        directory.Complete();
        _ = EndAsync(last);
    }

    /// <summary>Waits until everything is closed. The returned task never faults, because failures are reported where they occur.</summary>
    private async Task EndAsync(ZcrxStatus last)
    {
        await Outstanding.WhenDone().ConfigureAwait(false);
        // Waits for the connections last, because a queue may still deliver accepted connections while it closes.
        await connections.WhenIdle().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _terminated.ConfigureAwait(false);
        _ended.TrySetResult(last);
    }
}
