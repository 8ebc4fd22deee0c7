using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Represents the supervisor's state about the present <see cref="QueueIncarnation"/> of a queue.</summary>
/// <param name="actor">The actor.</param>
/// <param name="opening">The queue.</param>
/// <param name="watch">Creates the watchdog of the queue.</param>
internal sealed class Incarnation(IActorRef actor, Task<ZcrxQueue> opening, Func<ZcrxQueue, QueueWatchdog> watch)
{
    private static readonly TimeSpan AbandonRetry = TimeSpan.FromMilliseconds(500);

    private bool _isEnding;

    public IActorRef Actor => actor;

    /// <summary>Gets or sets the queue that continues the registration; null while there is none.</summary>
    public Task<ZcrxQueue?>? Takeover { get; set; }

    /// <summary>Gets or sets why the actor failed; null while it has not.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Gets a value indicating whether the actor works and receives messages.</summary>
    public bool IsAlive => !_isEnding && Failure is null;

    /// <summary>Makes the queue end. May be repeated with less time.</summary>
    public void Stop(TimeSpan drain, bool suspendsConnections = false)
    {
        if (IsAlive)
        {
            actor.Tell(new QueueIncarnation.Stop(drain, suspendsConnections, Takeover));
        }
    }

    /// <summary>Ends the actor, which has reported its failure, or its end as demanded.</summary>
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
    /// Closes everything that the incarnation has opened, whatever has happened to the actor. Its connections wait for the next
    /// incarnation.
    /// </summary>
    /// <param name="keepsNext">Whether the next incarnation uses the queue that continues the registration. It is closed otherwise.</param>
    /// <returns>That queue, owned by the caller; null if there is none.</returns>
    public async Task<ZcrxQueue?> CloseAsync(bool keepsNext)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ZcrxQueue? next = null;
        if (opening.IsCompletedSuccessfully)
        {
            ZcrxQueue queue = await opening.ConfigureAwait(false);
            if (Takeover is not null)
            {
                // It begins with an export, which a stuck ring thread never makes.
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

    /// <summary>Waits for work of the ring thread. Abandons a thread that is stuck: the actor that would have done so may have been killed.</summary>
    private async Task EndOrAbandonAsync(Task work, ZcrxQueue queue)
    {
        while (!work.IsCompleted)
        {
            await work.WaitAsync(AbandonRetry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!work.IsCompleted)
            {
                watch(queue).TryAbandon();
            }
        }

        await work.ConfigureAwait(false);
    }
}
