using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Zcrx.Actors.Streams;

/// <summary>Watches an actor for all streams to this actor. Callable on any thread.</summary>
/// <remarks>
/// The watch lasts as long as the actor, not as long as a stream. An actor may stop at the end of its stream. The notification of its
/// termination would then be a dead letter if the watch had already ended.
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
    /// Calls <see cref="ActorDelivery.OnTargetEnded"/> once on the thread pool, when the actor ends or at once if it has already ended.
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
    /// Notifies a delivery on the thread pool. Nothing awaits the task. It fails only if disposing a subscription of the application
    /// throws, and by then the stream has reported its end.
    /// </summary>
    private static void End(ActorDelivery delivery) => _ = Task.Run(delivery.OnTargetEnded);

    /// <summary>
    /// Waits for the end of the actor, and notifies the deliveries. The task cannot fail: Akka's <c>WatchAsync</c> returns false instead of
    /// throwing.
    /// </summary>
    private async Task WatchAsync(IActorRef target)
    {
        // Runs on the thread pool. The caller may be the asynchronous handler of an actor, even of the watched actor. Without the pool, the
        // continuations of WatchAsync would be messages to that actor.
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
