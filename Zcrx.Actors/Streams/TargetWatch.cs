using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Zcrx.Actors.Streams;

/// <summary>Observes the end of an actor, once for all streams to it. Any thread.</summary>
/// <remarks>
/// The watch lasts as long as the actor. If it ended with each stream, the notification of an actor that stops at the end of its stream
/// could arrive after the watch, as a dead letter.
/// </remarks>
internal sealed class TargetWatch
{
    private static readonly ConditionalWeakTable<IActorRef, TargetWatch> Watches = [];

    private readonly Lock _gate = new();
    private readonly HashSet<ActorDelivery> _deliveries = [];
    private bool _isOver;

    private TargetWatch(IActorRef target) => _ = WatchAsync(target);

    public static TargetWatch Of(IActorRef target) => Watches.GetValue(target, static target => new TargetWatch(target));

    /// <summary>Calls <see cref="ActorDelivery.OnTargetEnded"/> once, on the thread pool, when the actor ends or if it has.</summary>
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

    /// <summary>Fails only with a subscription of the application that cannot be disposed; the stream has reported its end by
    /// then.</summary>
    private static void End(ActorDelivery delivery) => _ = Task.Run(delivery.OnTargetEnded);

    /// <summary>Cannot fail: <c>WatchAsync</c> returns false instead of throwing.</summary>
    private async Task WatchAsync(IActorRef target)
    {
        // On the thread pool. Inside an actor's asynchronous handler, the continuations of WatchAsync would be messages to that actor,
        // which may be the one that ends.
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
