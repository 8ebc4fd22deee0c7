using Akka.Actor;
using Zcrx.Actors.Streams;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Operators;

namespace Zcrx.Actors;

/// <summary>Sends streams of buffers or frames to actors as messages.</summary>
public static class ZcrxActorExtensions
{
    /// <summary>The default number of messages that an actor may leave unacknowledged.</summary>
    public const int DefaultMaxUnacknowledged = 64;

    /// <summary>The default number of bytes that an actor may leave unacknowledged: 4 MiB.</summary>
    public const long DefaultMaxUnacknowledgedBytes = 4L << 20;

    /// <summary>Sends every buffer to an actor without copying. The acknowledgements of the actor control the rate.</summary>
    /// <param name="source">The source of borrowed buffers.</param>
    /// <param name="actor">The actor of this process that receives the <see cref="ZcrxStream"/> messages.</param>
    /// <param name="maxUnacknowledged">The maximum number of unacknowledged messages. At this number the connection is paused until half of
    /// them are acknowledged, so that the peer slows down. Bytes that the kernel has already delivered wait in the connection; see
    /// <see cref="ZcrxConnection.BytesWaiting"/>.</param>
    /// <param name="maxUnacknowledgedBytes">The maximum number of unacknowledged bytes. A longer buffer is sent when no other buffer is
    /// unacknowledged.</param>
    /// <returns>An object that can end the stream and that reports its end. Receiving starts when the actor acknowledges
    /// <see cref="ZcrxStream.Init"/>.</returns>
    /// <remarks>
    /// <para>
    /// When the actor ends, its buffers are released. The connection is reset, unless it has another observer. If no buffer was sent to the
    /// actor yet, the reset follows the first received bytes. A restart of the actor does not end the stream, and unacknowledged buffers
    /// stay leased (see <see cref="ZcrxStream.Item"/>).
    /// </para>
    /// <para>
    /// A router or shard region of this process may have routees in another process. A message to such a routee is not sent, and ends the
    /// stream (see <see cref="ZcrxStream"/>).
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The actor is <see cref="ActorRefs.Nobody"/>, or it lives in another process. Memory of this process cannot be sent there.
    /// </exception>
    public static ActorSink ToActor(
        this IObservable<ReceivedBuffer> source,
        IActorRef actor,
        int maxUnacknowledged = DefaultMaxUnacknowledged,
        long maxUnacknowledgedBytes = DefaultMaxUnacknowledgedBytes) =>
        Start(
            source,
            BufferLeasing.Instance,
            static (delivery, lease, from) => new ZcrxStream.Data(delivery, lease, from),
            actor,
            maxUnacknowledged,
            maxUnacknowledgedBytes);

    /// <summary>Sends every frame to an actor without copying. The acknowledgements of the actor control the rate.</summary>
    /// <param name="source">The source of borrowed frames.</param>
    /// <param name="actor">The actor of this process that receives the <see cref="ZcrxStream"/> messages.</param>
    /// <param name="maxUnacknowledged">The maximum number of unacknowledged messages. At this number the connection is paused until half of
    /// them are acknowledged. Until then, no further frame is cut, even from bytes that have already arrived. These bytes are counted in
    /// <see cref="ZcrxConnection.BytesWaiting"/>.</param>
    /// <param name="maxUnacknowledgedBytes">The maximum number of unacknowledged bytes. A longer frame is sent when no other frame is
    /// unacknowledged.</param>
    /// <returns>An object that can end the stream and that reports its end. Receiving starts when the actor acknowledges
    /// <see cref="ZcrxStream.Init"/>.</returns>
    /// <remarks>
    /// <para>
    /// Each frame is one <see cref="ZcrxStream.Frame"/> with one lease over its buffers; see <see cref="ReceivedFrame.Retain"/>.
    /// </para>
    /// <para>The end of the actor and targets in other processes are handled as for buffers; see
    /// <see cref="ToActor(IObservable{ReceivedBuffer}, IActorRef, int, long)"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The actor is <see cref="ActorRefs.Nobody"/>, or it lives in another process. Memory of this process cannot be sent there.
    /// </exception>
    public static ActorSink ToActor(
        this IObservable<ReceivedFrame> source,
        IActorRef actor,
        int maxUnacknowledged = DefaultMaxUnacknowledged,
        long maxUnacknowledgedBytes = DefaultMaxUnacknowledgedBytes) =>
        Start(
            source,
            FrameLeasing.Instance,
            static (delivery, lease, from) => new ZcrxStream.Frame(delivery, lease, from),
            actor,
            maxUnacknowledged,
            maxUnacknowledgedBytes);

    private static ActorSink Start<TBorrowed, TLease>(
        IObservable<TBorrowed> source,
        Leasing<TBorrowed, TLease> leasing,
        Func<ActorDelivery, TLease, IBufferSource, ZcrxStream.Item> message,
        IActorRef actor,
        int maxUnacknowledged,
        long maxUnacknowledgedBytes)
        where TLease : class, IDisposable
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxUnacknowledged);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxUnacknowledgedBytes);
        if (actor.IsNobody() || actor.Path.Address.HasGlobalScope)
        {
            throw new ArgumentException(
                $"Could not send a stream to {actor}: its bytes are memory of this process, and the actor is not in it. " +
                "Use an actor of this process, which copies what it sends to others.",
                nameof(actor));
        }

        DeliveryBounds bounds = new(maxUnacknowledged, maxUnacknowledgedBytes);
        ActorSink sink = new(created => new ItemDelivery<TBorrowed, TLease>(created, actor, bounds, source, leasing, message));
        sink.Begin();
        return sink;
    }
}
