using Akka.Actor;
using Zcrx.Rx;
using Zcrx.Rx.Ring;

namespace Zcrx.Actors.Queues;

/// <summary>Holds the state that the supervisor of a queue keeps about the current <see cref="QueueIncarnation"/>.</summary>
/// <param name="actor">The actor.</param>
/// <param name="opening">The task that opens the queue.</param>
/// <param name="watch">Creates the watchdog of the queue.</param>
/// <param name="time">The clock.</param>
internal sealed class Incarnation(IActorRef actor, Task<ZcrxQueue> opening, Func<ZcrxQueue, QueueWatchdog> watch, TimeProvider time)
{
    private static readonly TimeSpan AbandonRetry = TimeSpan.FromMilliseconds(500);

    private bool _isEnding;

    public IActorRef Actor => actor;

    /// <summary>
    /// Gets or sets the task that opens the next queue. That queue continues the kernel's registration of this queue. Null if the next
    /// queue registers anew.
    /// </summary>
    public Task<ZcrxQueue?>? Takeover { get; set; }

    /// <summary>Gets or sets the exception with which the actor failed; null if it has not failed.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Gets a value indicating whether the actor still runs. False after its failure and while it is being stopped.</summary>
    public bool IsAlive => !_isEnding && Failure is null;

    /// <summary>Requests the end of the queue. A later call can shorten the drain time.</summary>
    public void Stop(TimeSpan drain, bool suspendsConnections = false)
    {
        if (IsAlive)
        {
            actor.Tell(new QueueIncarnation.Stop(drain, suspendsConnections, Takeover));
        }
    }

    /// <summary>
    /// Stops the actor, which has reported its failure or the requested end of its queue. Ignores reports of other actors.
    /// </summary>
    public void End(Exception? failure, ICanTell sender, IActorContext context)
    {
        if (!_isEnding && actor.Equals(sender))
        {
            _isEnding = true;
            Failure ??= failure;
            context.Stop(actor);
        }
    }

    /// <summary>
    /// Closes every queue that the incarnation has opened, even if its actor was killed. The connections stay suspended until the next
    /// incarnation.
    /// </summary>
    /// <param name="keepsNext">True to return the queue that continues the registration. False to close it as well.</param>
    /// <returns>The queue that continues the registration, owned by the caller; null if it was closed or never opened.</returns>
    public async Task<ZcrxQueue?> CloseAsync(bool keepsNext)
    {
        await PoolWork.Separate((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ZcrxQueue? next = null;
        if (opening.IsCompletedSuccessfully)
        {
            ZcrxQueue queue = await opening.ConfigureAwait(false);
            if (Takeover is not null)
            {
                // The next queue needs an export, which runs on the ring thread. A stuck thread never executes it, so it is abandoned.
                await EndOrAbandonAsync(Takeover, queue).ConfigureAwait(false);
                next = await Takeover.ConfigureAwait(false);
            }

            await EndOrAbandonAsync(queue.SuspendAsync(), queue).ConfigureAwait(false);
        }

        if (next is not null && !keepsNext)
        {
            await next.DisposeAsync().ConfigureAwait(false);
            return null;
        }

        return next;
    }

    /// <summary>
    /// Waits for work of the ring thread, and abandons the thread if it is stuck. The actor normally does this, but it may have been
    /// killed.
    /// </summary>
    private async Task EndOrAbandonAsync(Task work, ZcrxQueue queue)
    {
        QueueWatchdog watchdog = watch(queue);
        while (!work.IsCompleted)
        {
            await work.WaitAsync(AbandonRetry, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!work.IsCompleted)
            {
                watchdog.TryAbandon();
            }
        }

        await work.ConfigureAwait(false);
    }
}
