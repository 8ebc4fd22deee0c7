using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Describes a generated pool, stream and actor. It is printed when a test fails.</summary>
/// <param name="Buffers">Size of the pool.</param>
/// <param name="MaxUnacknowledged">The sink's bound.</param>
/// <param name="Bytes">What the peer sends.</param>
/// <param name="Faults">How often the emulated kernel fails.</param>
/// <param name="Seed">Of the faults, and of the order of acknowledgements.</param>
/// <param name="End">What ends the stream.</param>
/// <param name="After">After how many messages.</param>
/// <param name="Forgets">Whether some messages are acknowledged only when there is nothing else to do.</param>
internal sealed record SinkSchedule(int Buffers, int MaxUnacknowledged, int Bytes, double Faults, int Seed, SinkSchedule.Ending End, int After, bool Forgets)
{
    public enum Ending
    {
        /// <summary>The peer ends the stream in order.</summary>
        Peer,

        /// <summary>The peer resets.</summary>
        Reset,

        /// <summary>The actor ends.</summary>
        ActorStops,

        /// <summary>The sink is disposed.</summary>
        Disposed,

        /// <summary>The connection is disposed.</summary>
        ConnectionDisposed,

        /// <summary>The actor system ends.</summary>
        SystemEnds,

        /// <summary>The queue is closed.</summary>
        QueueCloses,
    }

    public static Gen<SinkSchedule> All { get; } =
        from buffers in Gen.Elements(2, 4, 16, 64)
        from bound in Gen.Elements(1, 2, 5, 64)
        from bytes in Gen.OneOf(Gen.Choose(0, 100), Gen.Choose(0, 100_000))
        from faults in Gen.Elements(0.0, 0.0, 0.1)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from end in Gen.Elements(Enum.GetValues<Ending>())
        from after in Gen.Choose(0, 20)
        from forgets in Gen.Elements(false, true)
        select new SinkSchedule(buffers, bound, bytes, faults, seed, end, after, forgets);
}
