using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Describes a generated pool, stream and actor. It is printed when a test fails.</summary>
/// <param name="FrameLengths">The lengths of the delivered frames; null to deliver buffers.</param>
/// <param name="Buffers">The size of the pool.</param>
/// <param name="MaxUnacknowledged">The maximum number of unacknowledged messages.</param>
/// <param name="MaxUnacknowledgedBytes">The maximum number of unacknowledged bytes.</param>
/// <param name="Bytes">The number of bytes that the peer sends.</param>
/// <param name="Faults">The probability of faults of the emulated kernel.</param>
/// <param name="Seed">The seed of the faults and of the order of acknowledgements.</param>
/// <param name="End">The event that ends the stream.</param>
/// <param name="After">The number of messages before the end.</param>
/// <param name="Forgets">True if some messages are acknowledged only after all other work.</param>
internal sealed record SinkSchedule(
    int[]? FrameLengths,
    int Buffers,
    int MaxUnacknowledged,
    long MaxUnacknowledgedBytes,
    int Bytes,
    double Faults,
    int Seed,
    SinkSchedule.Ending End,
    int After,
    bool Forgets)
{
    public const int PrefixLength = sizeof(uint);

    public const int LongestFrame = 20_000;

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

    /// <summary>Gets schedules that deliver buffers.</summary>
    public static Gen<SinkSchedule> OfBuffers { get; } =
        from schedule in Any(Enum.GetValues<Ending>())
        from bytes in Gen.OneOf(Gen.Choose(0, 100), Gen.Choose(0, 100_000))
        select schedule with { Bytes = bytes };

    /// <summary>Gets schedules that deliver frames. They share one actor system, so none of them ends it.</summary>
    public static Gen<SinkSchedule> OfFrames { get; } =
        from schedule in Any([.. Enum.GetValues<Ending>().Where(static end => end != Ending.SystemEnds)])
        from lengths in Gen.ArrayOf(Gen.Frequency((6, Gen.Choose(0, 300)), (2, Gen.Choose(0, 5_000)), (1, Gen.Choose(0, LongestFrame))))
        select schedule with { FrameLengths = lengths, Bytes = lengths.Sum(static length => PrefixLength + length) };

    /// <summary>Returns the bytes that the peer sends.</summary>
    public byte[] Stream()
    {
        byte[] stream = Payload.Bytes(Bytes);
        int position = 0;
        foreach (int length in FrameLengths ?? [])
        {
            BinaryPrimitives.WriteUInt32BigEndian(stream.AsSpan(position), (uint)length);
            position += PrefixLength + length;
        }

        return stream;
    }

    public override string ToString() =>
        $"{(FrameLengths is null ? "buffers" : $"frames [{string.Join(", ", FrameLengths)}]")}, pool {Buffers}, at most {MaxUnacknowledged} messages and {MaxUnacknowledgedBytes} bytes, " +
        $"{Bytes} bytes sent, faults {Faults}, seed {Seed}, {End} after {After}, forgets {Forgets}";

    private static Gen<SinkSchedule> Any(Ending[] ends) =>
        from buffers in Gen.Elements(2, 4, 16, 64)
        from bound in Gen.Elements(1, 2, 5, 64)
        from byteBound in Gen.Elements(1L, 1000L, 10_000L, 4L << 20)
        from faults in Gen.Elements(0.0, 0.0, 0.1)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from end in Gen.Elements(ends)
        from after in Gen.Choose(0, 20)
        from forgets in Gen.Elements(false, true)
        select new SinkSchedule(null, buffers, bound, byteBound, 0, faults, seed, end, after, forgets);
}
