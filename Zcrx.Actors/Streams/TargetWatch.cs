using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Zcrx.Actors.Streams;

/// <summary>Watches the actor to which streams are sent, for all these streams together. Callable on any thread.</summary>
/// <remarks>
/// The watch lasts until the actor ends, even if its streams end before. An actor often stops when its stream ends. If the watch ended at
/// the same time, the notification of the stop would be a dead letter.
/// </remarks>
internal sealed class TargetWatch
{
    private static readonly ConditionalWeakTable<IActorRef, TargetWatch> Watches = [];

    private readonly Lock _gate = new();
    private readonly HashSet<ActorDelivery> _deliveries = [];
    private bool _isOver;

    private TargetWatch(IActorRef target) => _ = WatchAsync(target);

    public static TargetWatch Of(IActorRef target) => Watches.GetValue(target, static target => new TargetWatch(target));

    /// <summary>
    /// Lets the watch call <see cref="ActorDelivery.OnTargetEnded"/> when the actor ends, or at once if it has ended. The call runs on the
    /// thread pool.
    /// </summary>
    public void Add(ActorDelivery delivery)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _deliveries.Add(delivery);
                return;
            }
        }

        End(delivery);
    }

    public void Remove(ActorDelivery delivery)
    {
        lock (_gate)
        {
            _deliveries.Remove(delivery);
        }
    }

    /// <summary>
    /// Notifies a delivery on the thread pool. The task is not awaited. It can fail only after the stream has reported its end.
    /// </summary>
    private static void End(ActorDelivery delivery) => _ = Task.Run(delivery.OnTargetEnded);

    /// <summary>
    /// Waits for the end of the actor, and notifies the deliveries. The task cannot fail: Akka's <c>WatchAsync</c> returns false instead of
    /// throwing.
    /// </summary>
    private async Task WatchAsync(IActorRef target)
    {
        // Runs on the thread pool, because the caller may be an asynchronous handler of an actor. The continuations of WatchAsync would
        // then be messages to that actor.
        await Task.Run(() => target.WatchAsync()).ConfigureAwait(false);
        ActorDelivery[] deliveries;
        lock (_gate)
        {
            _isOver = true;
            deliveries = [.. _deliveries];
            _deliveries.Clear();
        }

        Array.ForEach(deliveries, End);
    }
}
