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
/// Represents a message to an actor about a stream. The first message is <see cref="Init"/>. Any number of <see cref="Data"/> (buffers) or
/// <see cref="Frame"/> messages follow. The last message is <see cref="Completed"/> or <see cref="Failed"/>.
/// </summary>
/// <remarks>
/// <para>Messages have no sender. An actor that receives several streams can distinguish them by <see cref="Sink"/>.</para>
/// <para><see cref="Init"/> and each <see cref="Item"/> need an acknowledgement. Any actor or thread may acknowledge a message, such as a
/// routee or an actor to which the message was forwarded.</para>
/// <para>Messages refer to memory of this process and cannot be sent to another process. An attempt to serialize <see cref="Init"/> or
/// an <see cref="Item"/> ends the stream: leases are released, the connection is reset, and
/// <see cref="ActorSink.Completion"/> faults.</para>
/// </remarks>
public abstract class ZcrxStream : ILocalMessage
{
    private readonly ActorDelivery _delivery;

    private ZcrxStream(ActorDelivery delivery) => _delivery = delivery;

    /// <summary>
    /// Gets the stream to which the message belongs. All messages of a stream have the same object, which <c>ToActor</c> returned.
    /// </summary>
    public ActorSink Sink => _delivery.Sink;

    /// <summary>Announces a stream. Receiving starts when this message is acknowledged.</summary>
    public sealed class Init : ZcrxStream, ILocalMessage
    {
        private readonly DeliveryBounds _bounds;

        internal Init(ActorDelivery delivery, DeliveryBounds bounds)
            : base(delivery) => _bounds = bounds;

        /// <summary>Gets the maximum number of unacknowledged items.</summary>
        public int MaxUnacknowledged => _bounds.Messages;

        /// <summary>Gets the maximum number of unacknowledged bytes. A longer item is sent when no other item is unacknowledged.</summary>
        public long MaxUnacknowledgedBytes => _bounds.Bytes;

        /// <summary>Starts the stream by subscribing to the source. A second call does nothing.</summary>
        /// <remarks>
        /// Threading: callable on any thread. The <c>Subscribe</c> methods of the source and of its operators run on the calling thread,
        /// which is usually the thread of the actor. For a connection, <c>Subscribe</c> only tells the ring thread to receive. An exception
        /// of the source is not thrown to the caller. It arrives as <see cref="Failed"/>.
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
    /// Ownership: the actor may use the lease until it acknowledges the message, which releases the lease. To use the lease longer, move
    /// it. Also acknowledge items whose processing failed. Otherwise their buffers stay out of the pool, and count against the maximum,
    /// until the actor ends.
    /// </remarks>
    public abstract class Item : ZcrxStream, ILocalMessage
    {
        private protected Item(ActorDelivery delivery, IBufferSource source)
            : base(delivery) => Source = source;

        /// <summary>Gets the number of bytes; 0 for an empty frame.</summary>
        public abstract long Length { get; }

        /// <summary>
        /// Gets the stream offset of the first byte. For a frame, it is the offset of the first byte after a length prefix.
        /// </summary>
        public abstract long StreamOffset { get; }

        /// <summary>Gets the connection that received the bytes, for replies. It stays open until all items are acknowledged, unless the
        /// peer or the application ends it.</summary>
        public ZcrxConnection Connection => ItemConnection.Of(Source);

        internal IBufferSource Source { get; }

        /// <summary>Releases the lease, and allows a further message. Items may be acknowledged in any order. A second call does nothing.
        /// Threading: callable on any thread.</summary>
        public void Acknowledge() => _delivery.Acknowledge(this);

        ISurrogate ISurrogated.ToSurrogate(ActorSystem system)
        {
            _delivery.OnSerialized();
            throw ILocalMessage.NotSerializable(this);
        }

        internal abstract void Release();
    }

    /// <summary>Carries one buffer.</summary>
    /// <remarks>
    /// Ownership: see <see cref="Item"/>. Call <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/> to use the
    /// buffer after the acknowledgement.
    /// </remarks>
    public sealed class Data : Item
    {
        internal Data(ActorDelivery delivery, BufferLease lease, IBufferSource source)
            : base(delivery, source)
        {
            Lease = lease;
            // Read in the constructor, because a released or moved lease has no length.
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
    /// <remarks>Ownership: see <see cref="Item"/>. Call <see cref="FrameLease.Move"/> to use the frame after the acknowledgement.</remarks>
    public sealed class Frame : Item
    {
        internal Frame(ActorDelivery delivery, FrameLease lease, IBufferSource source)
            : base(delivery, source) => Lease = lease;

        /// <summary>Gets the frame: one lease over all its buffers.</summary>
        public FrameLease Lease { get; }

        /// <summary>Gets the bytes of the frame.</summary>
        /// <exception cref="ObjectDisposedException">The message was acknowledged, or the lease was moved.</exception>
        public ReadOnlySequence<byte> Sequence => Lease.Sequence;

        /// <inheritdoc/>
        public override long Length => Lease.Length;

        /// <inheritdoc/>
        public override long StreamOffset => Lease.StreamOffset;

        internal override void Release() => Lease.Dispose();
    }

    /// <summary>Reports that the stream has completed. All its items have been sent to the actor.</summary>
    public sealed class Completed : ZcrxStream
    {
        internal Completed(ActorDelivery delivery)
            : base(delivery)
        {
        }
    }

    /// <summary>Reports that the stream has failed. All items that were received before the failure have been sent to the actor.</summary>
    public sealed class Failed : ZcrxStream
    {
        internal Failed(ActorDelivery delivery, Exception cause)
            : base(delivery) => Cause = cause;

        /// <summary>
        /// Gets the error. For a connection it is a <see cref="ZcrxStreamException"/>, which contains the reached stream offset.
        /// </summary>
        public Exception Cause { get; }
    }
}
