using System.Buffers;
using Akka.Actor;
using Akka.Util;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Streams;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Operators;

namespace Zcrx.Actors;

/// <summary>
/// Represents a message to an actor about a stream. Messages come in this order: <see cref="Init"/>, any number of <see cref="Data"/>
/// (buffers) or <see cref="Frame"/>, then <see cref="Completed"/> or <see cref="Failed"/>.
/// </summary>
/// <remarks>
/// <para>An actor that receives several streams tells them apart by <see cref="Sink"/>; messages have no sender.</para>
/// <para><see cref="Init"/> and each <see cref="Item"/> need an acknowledgement. Any actor or thread that has the message may acknowledge
/// it, such as a routee or an actor to which it was forwarded.</para>
/// <para>Messages refer to memory of this process and cannot be sent to another one. An attempt to serialize <see cref="Init"/> or
/// an <see cref="Item"/> ends the stream: leases are released, the connection is reset, and <see cref="ActorSink.Completion"/> faults.</para>
/// </remarks>
public abstract class ZcrxStream : ILocalMessage
{
    private readonly ActorDelivery _delivery;

    private ZcrxStream(ActorDelivery delivery) => _delivery = delivery;

    /// <summary>
    /// Gets the stream to which the message belongs. It is the object that <c>ToActor</c> returned, and the same for all messages of the
    /// stream.
    /// </summary>
    public ActorSink Sink => _delivery.Sink;

    /// <summary>Announces a stream. Nothing is received before it is acknowledged.</summary>
    public sealed class Init : ZcrxStream, ILocalMessage
    {
        private readonly DeliveryBounds _bounds;

        internal Init(ActorDelivery delivery, DeliveryBounds bounds)
            : base(delivery) => _bounds = bounds;

        /// <summary>Gets the number of items that may be unacknowledged at a time.</summary>
        public int MaxUnacknowledged => _bounds.Messages;

        /// <summary>Gets the number of bytes that may be unacknowledged at a time. A longer item is sent alone.</summary>
        public long MaxUnacknowledgedBytes => _bounds.Bytes;

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

    /// <summary>Carries bytes: one buffer (<see cref="Data"/>) or one frame (<see cref="Frame"/>).</summary>
    /// <remarks>
    /// Ownership: the lease is lent until the message is acknowledged, and then released, however it was used. Move it to keep it longer.
    /// Acknowledge failed items, too: an unacknowledged message keeps its buffers out of the pool, and its place in the window, until the
    /// actor ends.
    /// </remarks>
    public abstract class Item : ZcrxStream, ILocalMessage
    {
        private protected Item(ActorDelivery delivery, IBufferSource source)
            : base(delivery) => Source = source;

        /// <summary>Gets the number of bytes; 0 for an empty frame.</summary>
        public abstract long Length { get; }

        /// <summary>Gets the position of the first byte in the connection's stream, in bytes from its start; for a frame, behind a
        /// prefix.</summary>
        public abstract long StreamOffset { get; }

        /// <summary>Gets the connection that the bytes came from, for replies. It stays open until all items are acknowledged, unless the
        /// peer or the application ends it.</summary>
        public ZcrxConnection Connection => ItemConnection.Of(Source);

        internal IBufferSource Source { get; }

        /// <summary>Releases the lease and makes room for another message. In any order; a second call does nothing. Threading: any
        /// thread.</summary>
        public void Acknowledge() => _delivery.Acknowledge(this);

        ISurrogate ISurrogated.ToSurrogate(ActorSystem system)
        {
            _delivery.OnSerialized();
            throw ILocalMessage.NotSerializable(this);
        }

        internal abstract void Release();
    }

    /// <summary>Carries one buffer.</summary>
    /// <remarks>Ownership: see <see cref="Item"/>. Call <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/> to keep the lease
    /// longer.</remarks>
    public sealed class Data : Item
    {
        internal Data(ActorDelivery delivery, BufferLease lease, IBufferSource source)
            : base(delivery, source)
        {
            Lease = lease;
            // Read now: a lease that was released or moved has no length any more.
            Length = lease.Length;
            StreamOffset = lease.StreamOffset;
        }

        /// <summary>Gets the buffer.</summary>
        public BufferLease Lease { get; }

        /// <inheritdoc/>
        public override long Length { get; }

        /// <inheritdoc/>
        public override long StreamOffset { get; }

        internal override void Release() => Lease.Dispose();
    }

    /// <summary>Carries one frame.</summary>
    /// <remarks>Ownership: see <see cref="Item"/>. Call <see cref="FrameLease.Move"/> to keep the lease longer.</remarks>
    public sealed class Frame : Item
    {
        internal Frame(ActorDelivery delivery, FrameLease lease, IBufferSource source)
            : base(delivery, source) => Lease = lease;

        /// <summary>Gets the frame: one lease over all its buffers.</summary>
        public FrameLease Lease { get; }

        /// <summary>Gets the bytes of the frame.</summary>
        /// <exception cref="ObjectDisposedException">The message has been acknowledged, or the lease moved.</exception>
        public ReadOnlySequence<byte> Sequence => Lease.Sequence;

        /// <inheritdoc/>
        public override long Length => Lease.Length;

        /// <inheritdoc/>
        public override long StreamOffset => Lease.StreamOffset;

        internal override void Release() => Lease.Dispose();
    }

    /// <summary>Reports that the stream has ended in order, and that everything has been sent to the actor.</summary>
    public sealed class Completed : ZcrxStream
    {
        internal Completed(ActorDelivery delivery)
            : base(delivery)
        {
        }
    }

    /// <summary>Reports that the stream broke, and that everything received before has been sent to the actor.</summary>
    public sealed class Failed : ZcrxStream
    {
        internal Failed(ActorDelivery delivery, Exception cause)
            : base(delivery) => Cause = cause;

        /// <summary>Gets the error: for a connection a <see cref="ZcrxStreamException"/>, with the position that was reached.</summary>
        public Exception Cause { get; }
    }
}
