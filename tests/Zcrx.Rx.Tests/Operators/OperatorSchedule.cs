using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>A pool, a stream, an operator that takes it off the ring's thread, and what ends it. Generated; printed when it fails.</summary>
/// <param name="Way">The operator.</param>
/// <param name="Buffers">Size of the pool.</param>
/// <param name="MaxQueued">The operator's bound.</param>
/// <param name="Bytes">What the peer sends.</param>
/// <param name="Faults">How often the emulated kernel fails.</param>
/// <param name="Seed">Of the faults, and of the consumer's pace.</param>
/// <param name="End">What ends the stream.</param>
/// <param name="After">After how many buffers.</param>
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
        /// <summary>The peer, in order.</summary>
        Peer,

        /// <summary>The peer resets.</summary>
        Reset,

        /// <summary>The subscription is disposed, the enumeration left, the reader completed.</summary>
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
