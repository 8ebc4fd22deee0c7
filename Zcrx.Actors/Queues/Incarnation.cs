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

    /// <summary>Gets or sets the task that opens the next queue on the registration of this one; null for a new registration.</summary>
    public Task<ZcrxQueue?>? Takeover { get; set; }

    /// <summary>Gets or sets the exception with which the actor failed; null if it has not failed.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Gets a value indicating whether the actor has neither failed nor been stopped.</summary>
    public bool IsAlive => !_isEnding && Failure is null;

    /// <summary>Requests the end of the queue. A later call can shorten the time.</summary>
    public void Stop(TimeSpan drain, bool suspendsConnections = false)
    {
        if (IsAlive)
        {
            actor.Tell(new QueueIncarnation.Stop(drain, suspendsConnections, Takeover));
        }
    }

    /// <summary>Stops the actor after it has reported its failure or the requested end of its queue.</summary>
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
    /// Closes everything that the incarnation has opened, even if the actor was killed. The connections are suspended until the next
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
                // The takeover begins with an export on the ring thread, which a stuck ring thread never executes.
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
    /// Waits for work of the ring thread, and abandons the thread if it is stuck. The actor that normally abandons it may have been killed.
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
