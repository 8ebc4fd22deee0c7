using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Zcrx.Actors.Streams;

/// <summary>Watches an actor for all streams to this actor. Callable on any thread.</summary>
/// <remarks>
/// The watch lasts as long as the actor. If it ended with each stream, an actor that stops at the end of its stream could cause a dead
/// letter: the notification of its termination could arrive after the end of the watch.
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
        // Runs on the thread pool. If the caller is the asynchronous handler of an actor, the continuations of WatchAsync would otherwise
        // be messages to that actor, which may be the watched actor.
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
