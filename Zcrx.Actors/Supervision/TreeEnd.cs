using System.Collections.Concurrent;
using Akka.Actor;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Queues;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Represents the end of a tree, whatever caused it: the supervisor has ended, everything is closed, and all steering is undone.
/// </summary>
/// <remarks>Threading: all members from any thread.</remarks>
internal sealed class TreeEnd(ConnectionDirectory connections, QueueDirectory directory)
{
    // Closing takes milliseconds. A consumer that blocks its ring thread must not delay the end of the process.
    private static readonly TimeSpan ClosingTimeout = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<ZcrxStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, OutstandingWork> _parts = new(StringComparer.Ordinal);
    private volatile Task _terminated = Task.CompletedTask;
    private volatile bool _hasSupervisor;
    private volatile bool _isStopRequested;
    private volatile bool _endedUnasked;

    /// <summary>Gets the work that continues after its actor has ended.</summary>
    public OutstandingWork Outstanding { get; } = new();

    /// <summary>Returns the part of <see cref="Outstanding"/> that one actor leaves. Its successor waits for that part only.</summary>
    public OutstandingWork OutstandingOf(string actor) => _parts.GetOrAdd(actor, _ => new OutstandingWork(Outstanding));

    /// <summary>Gets a task that ends with the last status.</summary>
    public Task<ZcrxStatus> Ended => _ended.Task;

    /// <summary>Gets a value indicating whether the supervisor has ended without a stop.</summary>
    public bool HasEndedUnasked => _endedUnasked;

    /// <summary>Gets or sets a value indicating whether a stop was requested. A supervisor that fails afterwards is not started again.</summary>
    public bool IsStopRequested { get => _isStopRequested; set => _isStopRequested = value; }

    /// <summary>Observes the supervisor's end from its start on.</summary>
    /// <remarks>
    /// Akka notifies the parent first, and this watch after it. A watch that begins when the supervisor is ending can be answered before the
    /// parent is notified, and the supervisor's name is then still in use. <c>WatchAsync</c> does not fail.
    /// </remarks>
    public void Watch(IActorRef supervisor)
    {
        _hasSupervisor = true;
        _terminated = Task.Run(() => supervisor.WatchAsync());
    }

    /// <summary>Makes the end of the actor system wait until everything is closed: a host that has stopped has closed its ports.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="hasNotBegun">Called if it ended before the supervisor could run. Nothing was opened then. Returns the last status.</param>
    public void HoldTermination(ActorSystem system, Func<ZcrxStatus> hasNotBegun) => system.RegisterOnTermination(() =>
    {
        if (!_hasSupervisor)
        {
            OnEnded(hasNotBegun(), isUnasked: false);
        }

#pragma warning disable RS0030 // Akka's callback is synchronous, and runs when no actor is left that could wait for this thread.
        _ended.Task.Wait(ClosingTimeout);
#pragma warning restore RS0030
    });

    /// <summary>Called when the supervisor has ended, after all its children.</summary>
    /// <param name="last">The last status.</param>
    /// <param name="isUnasked">Whether it ended without a stop.</param>
    public void OnEnded(ZcrxStatus last, bool isUnasked)
    {
        _endedUnasked |= isUnasked;
        directory.Complete();
        _ = EndAsync(last);
    }

    /// <summary>Waits until everything is closed. Does not fault: failures of closing are reported where they occur.</summary>
    private async Task EndAsync(ZcrxStatus last)
    {
        await Outstanding.WhenDone().ConfigureAwait(false);
        // Only now: a queue that closes may still deliver connections that it had accepted.
        await connections.WhenIdle().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _terminated.ConfigureAwait(false);
        _ended.TrySetResult(last);
    }
}
