using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Represents a generated case: a queue, its connections, and what both ends do. A failed test prints it.</summary>
internal sealed record Schedule(int Buffers, string Profile, int CompletionEntries, int BuffersPerTurn, int ShortReceive, double Faults, int Seed, Schedule.Connection[] Connections)
{
    public static Gen<Schedule> All { get; } =
        from buffers in Gen.Elements(2, 3, 4, 8, 16, 40)
        from profile in Gen.Elements("7.1", "7.2.0", "7.2", "7.3")
        from completions in Gen.Elements(64, 4096)
        from perTurn in Gen.Elements(1, 3, 64)
        from shortReceive in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(1, 6000)))
        from faults in Gen.Frequency((2, Gen.Constant(0.0)), (1, Gen.Constant(0.1)))
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from connections in Gen.Choose(1, 6).SelectMany(static count => AnyConnection!.ListOf(count))
        select new Schedule(buffers, profile, completions, perTurn, shortReceive, faults, seed, [.. connections]);

    private static Gen<Connection> AnyConnection =>
        from kind in Gen.Elements(Enum.GetValues<ConsumerKind>())
        from bytes in Gen.OneOf(Gen.Choose(0, 100), Gen.Choose(0, 60_000), Gen.Choose(50_000, 200_000))
        from piece in Gen.OneOf(Gen.Choose(bytes / 200 + 1, 5000 + (bytes / 200)), Gen.Constant(1 << 16))
        from after in Gen.Choose(1, 12)
        select new Connection(kind, bytes, piece, after);

    public ZcrxQueueOptions Apply(ZcrxQueueOptions options)
    {
        EmulatedFaultPlan faults = Faults > 0 ? EmulatedFaultPlan.Random(Seed, Faults) : new EmulatedFaultPlan();
        faults.ShortReceiveLimit = ShortReceive;
        faults.DropNotifications = Seed % 2 == 0;
        return options with
        {
            CompletionEntries = CompletionEntries,
            SubmissionEntries = 8,
            NotificationInterval = TimeSpan.FromMilliseconds(1),
            Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.ForRelease(Profile)!, BuffersPerTurn = BuffersPerTurn, Faults = faults },
        };
    }

    public override string ToString() =>
        $"pool {Buffers}, {Profile}, CQ {CompletionEntries}, {BuffersPerTurn} a turn, short {ShortReceive}, faults {Faults}, seed {Seed}: {string.Join("; ", Connections.AsEnumerable())}";

    /// <param name="Kind">What the consumer does.</param>
    /// <param name="Bytes">The number of bytes that the peer sends.</param>
    /// <param name="Piece">The maximum number of bytes that the peer sends at once.</param>
    /// <param name="After">The number of buffers after which the consumer acts, or the number that it leases.</param>
    internal sealed record Connection(ConsumerKind Kind, int Bytes, int Piece, int After)
    {
        public override string ToString() => $"{Kind} after {After}, {Bytes} by {Piece}";
    }
}
