using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Represents a generated pool, stream and operator that takes the stream off the ring thread, with the event that ends it.
/// </summary>
/// <remarks>It is printed when a test fails.</remarks>
/// <param name="Way">The operator.</param>
/// <param name="Buffers">The size of the pool.</param>
/// <param name="MaxQueued">The bound of the operator.</param>
/// <param name="Bytes">The number of bytes that the peer sends.</param>
/// <param name="Faults">The probability of faults of the emulated kernel.</param>
/// <param name="Seed">The seed of the faults and of the consumer's pace.</param>
/// <param name="End">The event that ends the stream.</param>
/// <param name="After">The number of buffers before the event.</param>
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
        /// <summary>The peer ends the stream normally.</summary>
        Peer,

        /// <summary>The peer resets.</summary>
        Reset,

        /// <summary>The subscription is disposed, the enumeration is left, or the reader is completed.</summary>
        Disposed,

        /// <summary>The consumer throws.</summary>
        Throws,

        /// <summary>The connection is disposed.</summary>
        ConnectionDisposed,

        /// <summary>The queue is closed.</summary>
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
