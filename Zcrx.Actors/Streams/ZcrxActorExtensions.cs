using Akka.Actor;
using Zcrx.Actors.Streams;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Streams of buffers as messages to actors.</summary>
public static class ZcrxActorExtensions
{
    /// <summary>Buffers that an actor may have without having acknowledged them, unless something else is said.</summary>
    public const int DefaultMaxUnacknowledged = 64;

    /// <summary>Sends every buffer to an actor, without copying, at the pace of its acknowledgements.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="actor">Who gets the <see cref="ZcrxStream"/> messages; an actor of this process.</param>
    /// <param name="maxUnacknowledged">
    /// How many messages it may have without having acknowledged them. Above that the connection is paused until half of them are, so that the sender slows
    /// down. What the kernel had delivered by then waits here, in order.
    /// </param>
    /// <returns>What ends the sending and tells how it ended. Receiving starts when the actor has acknowledged <see cref="ZcrxStream.Init"/>.</returns>
    /// <remarks>
    /// The actor is watched. When it ends, everything that it had is released and the connection is reset, unless somebody else listens to it too:
    /// at once if it had been sent anything, otherwise with the first bytes that arrive. An actor that restarts goes on with the next message;
    /// what it did not acknowledge stays out (see <see cref="ZcrxStream.Data"/>).
    /// </remarks>
    /// <exception cref="ArgumentException">The actor is nobody, or lives in another process: memory cannot be sent there.</exception>
    /// <exception cref="InvalidOperationException">The actor system is ending.</exception>
    public static ActorSink ToActor(this IObservable<ReceivedBuffer> source, IActorRef actor, int maxUnacknowledged = DefaultMaxUnacknowledged)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxUnacknowledged);
        if (actor is not IInternalActorRef { IsLocal: true } local || actor is Nobody)
        {
            throw new ArgumentException($"Buffers are memory of this process: they can only be sent to an actor in it, which {actor} is not.", nameof(actor));
        }

        // Among the system's own actors: they end after the others, so that nothing is taken from an actor that still runs.
        ExtendedActorSystem system = (ExtendedActorSystem)local.Provider.Guardian.Underlying.System;
        ActorDelivery delivery = new(actor, maxUnacknowledged);
        system.SystemActorOf(Props.CreateBy(new ActorSinkProducer(source, delivery)));
        return new ActorSink(delivery);
    }
}
