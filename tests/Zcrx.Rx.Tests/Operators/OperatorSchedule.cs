using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Represents a generated case: a pool, a stream, an operator that takes the stream to another thread, and the event that ends it.
/// </summary>
/// <remarks>A failed test prints it.</remarks>
/// <param name="Way">The operator under test.</param>
/// <param name="Buffers">The number of buffers in the pool.</param>
/// <param name="MaxQueued">The maximum number of buffers that wait in the operator.</param>
/// <param name="Bytes">The number of bytes that the peer sends.</param>
/// <param name="Faults">The probability with which the emulated kernel injects a fault.</param>
/// <param name="Seed">The seed of the faults, and of the delays of the consumer.</param>
/// <param name="End">The event that ends the stream.</param>
/// <param name="After">The number of buffers that the consumer receives before the event.</param>
internal sealed record OperatorSchedule(OperatorSchedule.Operator Way, int Buffers, int MaxQueued, int Bytes, double Faults, int Seed, OperatorSchedule.Ending End, int After)
{
    public enum Operator
    {
        Process,
        ProcessConcurrently,
        Offload,
        AsyncEnumerable,
        PipeReader,
    }

    public enum Ending
    {
        /// <summary>The peer shuts down its sending side.</summary>
        Peer,

        /// <summary>The peer resets the connection.</summary>
        Reset,

        /// <summary>The consumer stops: it disposes the subscription, leaves the enumeration or completes the reader.</summary>
        Disposed,

        /// <summary>The consumer throws.</summary>
        Throws,

        /// <summary>The application disposes the connection.</summary>
        ConnectionDisposed,

        /// <summary>The application closes the queue.</summary>
        QueueCloses,
    }

    public static Gen<OperatorSchedule> All { get; } =
        from way in Gen.Elements(Enum.GetValues<Operator>())
        from buffers in Gen.Elements(2, 4, 16, 64)
        from bound in Gen.Elements(1, 2, 5, 64)
        from bytes in Gen.OneOf(Gen.Choose(0, 100), Gen.Choose(0, 100_000))
        from faults in Gen.Elements(0.0, 0.0, 0.1)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from end in Gen.Elements(Enum.GetValues<Ending>())
        from after in Gen.Choose(1, 20)
        select new OperatorSchedule(way, buffers, bound, bytes, faults, seed, end, after);
}
