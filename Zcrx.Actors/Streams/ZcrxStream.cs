using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>What an actor is told about a stream of buffers, in this order: <see cref="Init"/>, any number of <see cref="Data"/>, then <see cref="Completed"/> or <see cref="Failed"/>.</summary>
/// <remarks>
/// The sender is the same for all messages of one stream, so an actor that serves several tells them apart by it. <see cref="Init"/> and each
/// <see cref="Data"/> are answered with their <c>Ack</c>; the last two are not. Messages carry memory of this process and cannot be sent to another one.
/// </remarks>
public abstract class ZcrxStream : INoSerializationVerificationNeeded
{
    private ZcrxStream()
    {
    }

    /// <summary>A stream is connected to the actor. Nothing is received before this is acknowledged.</summary>
    public sealed class Init : ZcrxStream
    {
        internal Init(int maxUnacknowledged) => MaxUnacknowledged = maxUnacknowledged;

        /// <summary>How many <see cref="Data"/> messages may be unacknowledged at a time.</summary>
        public int MaxUnacknowledged { get; }

        /// <summary>The answer: the actor is ready.</summary>
        public ZcrxAck Ack => new(this);
    }

    /// <summary>One buffer.</summary>
    /// <remarks>
    /// Ownership: the lease is lent until the message is acknowledged, and released then, however it was used; call
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/> to keep it longer. Acknowledge also what could not be handled: a
    /// message that never is keeps its buffer out of the pool, and its place among the unacknowledged ones, until the actor ends.
    /// </remarks>
    public sealed class Data : ZcrxStream
    {
        internal Data(BufferLease lease, IBufferSource source)
        {
            Lease = lease;
            Source = source;
        }

        /// <summary>The bytes.</summary>
        public BufferLease Lease { get; }

        /// <summary>Position of the first byte in the connection's stream, in bytes from its start.</summary>
        public long StreamOffset => Lease.StreamOffset;

        /// <summary>The answer: the actor has finished with the buffer. In any order; a second one does nothing.</summary>
        public ZcrxAck Ack => new(this);

        internal IBufferSource Source { get; }
    }

    /// <summary>The stream has ended in order; everything has been sent to the actor.</summary>
    public sealed class Completed : ZcrxStream
    {
        internal Completed()
        {
        }
    }

    /// <summary>The stream broke; everything that was received before has been sent to the actor.</summary>
    public sealed class Failed : ZcrxStream
    {
        internal Failed(Exception cause) => Cause = cause;

        /// <summary>Why: for a connection a <see cref="Rx.ZcrxStreamException"/>, with the position that was reached.</summary>
        public Exception Cause { get; }
    }
}
