using Akka.Actor;
using Zcrx.Actors.Streams;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Operators;

namespace Zcrx.Actors;

/// <summary>Provides streams of buffers and of frames as messages to actors.</summary>
public static class ZcrxActorExtensions
{
    /// <summary>The number of messages that an actor may have unacknowledged, by default.</summary>
    public const int DefaultMaxUnacknowledged = 64;

    /// <summary>The default number of bytes that an actor may leave unacknowledged: 4 MiB.</summary>
    public const long DefaultMaxUnacknowledgedBytes = 4L << 20;

    /// <summary>Sends every buffer to an actor, without copying, at the pace of its acknowledgements.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="actor">The actor of this process that receives the <see cref="ZcrxStream"/> messages.</param>
    /// <param name="maxUnacknowledged">The number of messages that may be unacknowledged. At this number the connection is paused until
    /// half of them are acknowledged, so that the sender slows down. Bytes that the kernel had delivered by then wait with the connection:
    /// <see cref="ZcrxConnection.BytesWaiting"/>.</param>
    /// <param name="maxUnacknowledgedBytes">The number of bytes that may be unacknowledged. A buffer that is longer is sent when nothing
    /// else is unacknowledged.</param>
    /// <returns>The stream, to end it and to see how it ended. Receiving starts when the actor acknowledges
    /// <see cref="ZcrxStream.Init"/>.</returns>
    /// <remarks>
    /// <para>The actor is watched. When it ends, its buffers are released and the connection is reset, unless it has another observer. That
    /// happens at once if the actor had been sent anything, otherwise with the first bytes that arrive. An actor that had ended before is
    /// treated the same. An actor that restarts continues with the next message; unacknowledged buffers stay leased (see
    /// <see cref="ZcrxStream.Item"/>).</para>
    /// <para>A router or shard region of this process may have routees in another one. A message to such a routee is not sent; it ends the
    /// stream (see <see cref="ZcrxStream"/>).</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The actor is <see cref="ActorRefs.Nobody"/>, or lives in another process, to which memory cannot
    /// be sent.</exception>
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

    /// <summary>Sends every frame to an actor, without copying, at the pace of its acknowledgements.</summary>
    /// <param name="source">Borrowed frames.</param>
    /// <param name="actor">The actor of this process that gets the <see cref="ZcrxStream"/> messages.</param>
    /// <param name="maxUnacknowledged">The number of messages that may be unacknowledged. At this number the connection is paused and no
    /// further frame is cut, not even one that has arrived, until half of them are acknowledged. Waiting bytes are counted in
    /// <see cref="ZcrxConnection.BytesWaiting"/>.</param>
    /// <param name="maxUnacknowledgedBytes">The number of bytes that may be unacknowledged. A frame that is longer is sent when nothing
    /// else is unacknowledged.</param>
    /// <returns>The stream, to end it and to see how it ended. Receiving starts when the actor acknowledges
    /// <see cref="ZcrxStream.Init"/>.</returns>
    /// <remarks>
    /// <para>Each frame is one <see cref="ZcrxStream.Frame"/> with one lease over its buffers; see <see cref="ReceivedFrame.Retain"/>.</para>
    /// <para>The end of the actor and targets in other processes are handled as for buffers; see
    /// <see cref="ToActor(IObservable{ReceivedBuffer}, IActorRef, int, long)"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">The actor is <see cref="ActorRefs.Nobody"/>, or lives in another process: memory cannot be sent
    /// there.</exception>
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
