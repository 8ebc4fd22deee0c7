using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Provides streams of buffers as messages to actors.</summary>
public static class ZcrxActorExtensions
{
    /// <summary>The number of buffers that an actor may have unacknowledged, unless specified otherwise.</summary>
    public const int DefaultMaxUnacknowledged = 64;

    /// <summary>Sends every buffer to an actor, without copying, at the pace of its acknowledgements.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="actor">The actor of this process that gets the <see cref="ZcrxStream"/> messages.</param>
    /// <param name="maxUnacknowledged">
    /// The number of messages that may be unacknowledged. Above that the connection is paused until half of them are acknowledged, so that
    /// the sender slows down. What the kernel had delivered by then waits here, in order.
    /// </param>
    /// <returns>The stream, to end it and to see how it ended. Receiving starts when the actor acknowledges
    /// <see cref="ZcrxStream.Init"/>.</returns>
    /// <remarks>
    /// <para>The actor is watched. When it ends, everything that it had is released and the connection is reset, unless another observer
    /// receives it too: at once if the actor had been sent anything, otherwise with the first bytes that arrive. An actor that had ended
    /// before is treated alike. An actor that restarts continues with the next message; what it did not acknowledge stays leased (see
    /// <see cref="ZcrxStream.Data"/>).</para>
    /// <para>A router or shard region of this process may have routees in another one. A message on its way to such a routee is not sent;
    /// it ends the stream (see <see cref="ZcrxStream"/>).</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The actor is <see cref="ActorRefs.Nobody"/>, or lives in another process: memory cannot be sent
    /// there.</exception>
    public static ActorSink ToActor(this IObservable<ReceivedBuffer> source, IActorRef actor, int maxUnacknowledged = DefaultMaxUnacknowledged)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxUnacknowledged);
        if (actor.IsNobody() || actor.Path.Address.HasGlobalScope)
        {
            throw new ArgumentException(
                $"Could not send buffers to {actor}: they are memory of this process, and the actor is not in it. " +
                "Use an actor of this process, which copies what it sends to others.",
                nameof(actor));
        }

        ActorSink sink = new(source, actor, maxUnacknowledged);
        sink.Begin();
        return sink;
    }
}
