using Akka.Actor;
using Akka.Util;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Streams;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>
/// Represents a message to an actor about a stream of buffers. Messages come in this order: <see cref="Init"/>, any number of
/// <see cref="Data"/>, then <see cref="Completed"/> or <see cref="Failed"/>.
/// </summary>
/// <remarks>
/// <para>An actor that receives several streams tells them apart by <see cref="Sink"/>; messages have no sender.</para>
/// <para><see cref="Init"/> and each <see cref="Data"/> need an acknowledgement. Any actor or thread that has the message may acknowledge
/// it, such as a routee or an actor to which it was forwarded.</para>
/// <para>Messages refer to memory of this process and cannot be sent to another one. An attempt to serialize <see cref="Init"/> or
/// <see cref="Data"/> ends the stream: leases are released, the connection is reset, and <see cref="ActorSink.Completion"/> faults.</para>
/// </remarks>
public abstract class ZcrxStream : ILocalMessage
{
    private readonly ActorDelivery _delivery;

    private ZcrxStream(ActorDelivery delivery) => _delivery = delivery;

    /// <summary>Gets the stream to which the message belongs: the same for all its messages, and what
    /// <see cref="ZcrxActorExtensions.ToActor"/> returned.</summary>
    public ActorSink Sink => _delivery.Sink;

    /// <summary>Announces a stream. Nothing is received before it is acknowledged.</summary>
    public sealed class Init : ZcrxStream, ILocalMessage
    {
        internal Init(ActorDelivery delivery, int maxUnacknowledged)
            : base(delivery) => MaxUnacknowledged = maxUnacknowledged;

        /// <summary>Gets how many <see cref="Data"/> messages may be unacknowledged at a time.</summary>
        public int MaxUnacknowledged { get; }

        /// <summary>Starts the stream: subscribes to the source. A second call does nothing.</summary>
        /// <remarks>
        /// Threading: any thread. The source's <c>Subscribe</c> runs on the calling thread, usually the actor's, and so do operators that
        /// work when they are subscribed to. For a connection it only tells the ring thread to receive. An exception of the source does
        /// not reach the caller; it arrives as <see cref="Failed"/>.
        /// </remarks>
        public void Acknowledge() => _delivery.Subscribe();

        ISurrogate ISurrogated.ToSurrogate(ActorSystem system)
        {
            _delivery.OnSerialized();
            throw ILocalMessage.NotSerializable(this);
        }
    }

    /// <summary>Carries one buffer.</summary>
    /// <remarks>
    /// Ownership: the lease is lent until the message is acknowledged, and released then, however it was used. Call
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/> to keep it longer. Acknowledge also what could not be handled: an
    /// unacknowledged message keeps its buffer out of the pool, and its place in the window, until the actor ends.
    /// </remarks>
    public sealed class Data : ZcrxStream, ILocalMessage
    {
        internal Data(ActorDelivery delivery, BufferLease lease, IBufferSource source)
            : base(delivery)
        {
            Lease = lease;
            Source = source;
        }

        /// <summary>Gets the bytes.</summary>
        public BufferLease Lease { get; }

        /// <summary>Gets the position of the first byte in the connection's stream, in bytes from its start.</summary>
        public long StreamOffset => Lease.StreamOffset;

        internal IBufferSource Source { get; }

        /// <summary>Releases the lease and makes room for another message. In any order; a second call does nothing. Threading: any
        /// thread.</summary>
        public void Acknowledge() => _delivery.Acknowledge(this);

        ISurrogate ISurrogated.ToSurrogate(ActorSystem system)
        {
            _delivery.OnSerialized();
            throw ILocalMessage.NotSerializable(this);
        }
    }

    /// <summary>Tells that the stream has ended in order and everything has been sent to the actor.</summary>
    public sealed class Completed : ZcrxStream
    {
        internal Completed(ActorDelivery delivery)
            : base(delivery)
        {
        }
    }

    /// <summary>Tells that the stream broke; everything that was received before has been sent to the actor.</summary>
    public sealed class Failed : ZcrxStream
    {
        internal Failed(ActorDelivery delivery, Exception cause)
            : base(delivery) => Cause = cause;

        /// <summary>Gets the error: for a connection a <see cref="Rx.ZcrxStreamException"/>, with the position that was reached.</summary>
        public Exception Cause { get; }
    }
}
