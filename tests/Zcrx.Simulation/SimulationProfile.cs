using Zcrx.Actors;
using Zcrx.Interop;

namespace Zcrx.Simulation;

/// <summary>Represents the components of a simulation and its possible events. The seed selects the profile.</summary>
internal sealed record SimulationProfile
{
    public required string Name { get; init; }

    public required int Queues { get; init; }

    public required int Connections { get; init; }

    public required int Decisions { get; init; }

    public required int Buffers { get; init; }

    public required int BuffersPerTurn { get; init; }

    public required int CompletionEntries { get; init; }

    public required bool Grows { get; init; }

    public required bool ChecksBorrows { get; init; }

    /// <summary>Gets the maximum number of bytes that a peer sends at a time.</summary>
    public required int LongestSend { get; init; }

    /// <summary>Gets the longest time for which a ring thread spins before it sleeps.</summary>
    public required TimeSpan SpinBeforeSleep { get; init; }

    public required EmulatedKernelProfile Release { get; init; }

    /// <summary>Gets the weight of each kind of decision.</summary>
    public required IReadOnlyDictionary<DecisionKind, int> Weights { get; init; }

    /// <summary>Gets a value indicating whether streams may fail because queues stop, observers throw or peers close.</summary>
    public required bool IsRough { get; init; }

    /// <summary>Gets a value indicating whether connections are consumed through operators.</summary>
    public bool UsesOperators { get; init; }

    /// <summary>Returns the profile whose connections are consumed through operators.</summary>
    public SimulationProfile WithOperators() => this with
    {
        Name = $"{Name}, with operators",
        UsesOperators = true,
        Weights = new Dictionary<DecisionKind, int>(Weights) { [DecisionKind.RunPool] = 40, [DecisionKind.Continue] = 10 },
    };

    /// <summary>Gets a value indicating whether actors own the queues.</summary>
    public bool UsesActors { get; init; }

    /// <summary>Gets the number of restarts after which an actor gives its queue up.</summary>
    public int MaxRestarts { get; init; }

    /// <summary>Gets the longest restart delay for which suspended connections wait for their own queue.</summary>
    public TimeSpan RelocateAfter { get; init; }

    /// <summary>Gets what happens to the connections of a queue that is given up.</summary>
    public ZcrxEscalation WhenGivenUp { get; init; }

    /// <summary>Returns the profile whose queues are opened, restarted and stopped by actors.</summary>
    public SimulationProfile WithActors(Random random)
    {
        Dictionary<DecisionKind, int> weights = new(Weights)
        {
            [DecisionKind.RunPool] = 60,
            [DecisionKind.Advance] = 10,
            [DecisionKind.Crash] = 3,
            [DecisionKind.RestartQueue] = 2,
            [DecisionKind.KillActor] = 1,
            [DecisionKind.FailOpening] = 2,
        };
        // The actors do this.
        foreach (DecisionKind kind in new[] { DecisionKind.Share, DecisionKind.Suspend, DecisionKind.Stop, DecisionKind.Open, DecisionKind.ResumeSuspended })
        {
            weights[kind] = 0;
        }

        // Some queues are given up, and fail more often.
        bool givesUp = IsRough && random.Next(2) == 0;
        if (givesUp)
        {
            weights[DecisionKind.Crash] = 8;
            weights[DecisionKind.FailOpening] = 8;
            weights[DecisionKind.Advance] = 20;
        }

        return this with
        {
            Name = $"{Name}, with actors",
            UsesActors = true,
            Weights = weights,
            Decisions = Decisions * 2,
            MaxRestarts = givesUp ? 1 : 1_000,
            RelocateAfter = TimeSpan.FromMilliseconds(random.Next(2) == 0 ? 10 : 1_000),
            WhenGivenUp = random.Next(2) == 0 ? ZcrxEscalation.MoveConnections : ZcrxEscalation.EndConnections,
        };
    }

    public static SimulationProfile Of(Random random)
    {
        int shape = random.Next(5);
        (string name, int queues) = shape switch
        {
            0 => ("one queue", 1),
            1 => ("two queues with moves", 2),
            2 => ("a shared queue", 2),
            3 => ("suspension and failure", 2),
            _ => ("everything", 3),
        };
        bool isRough = shape == 4 || random.Next(4) == 0;
        Dictionary<DecisionKind, int> weights = new()
        {
            [DecisionKind.Run] = 60,
            [DecisionKind.RunUntilAsleep] = 12,
            [DecisionKind.RunPool] = 6,
            [DecisionKind.Advance] = 4,
            [DecisionKind.Connect] = 3,
            [DecisionKind.PeerSend] = 24,
            [DecisionKind.PeerRead] = 3,
            [DecisionKind.PeerFinish] = 1,
            [DecisionKind.Subscribe] = 8,
            [DecisionKind.Unsubscribe] = 2,
            [DecisionKind.Pause] = 2,
            [DecisionKind.Resume] = 5,
            [DecisionKind.Release] = 14,
            [DecisionKind.Retain] = 2,
            [DecisionKind.UseStale] = 2,
            [DecisionKind.Send] = 4,
            [DecisionKind.Fault] = 3,
            [DecisionKind.Reconfigure] = 1,
        };
        if (shape != 0)
        {
            weights[DecisionKind.Move] = 8;
        }

        if (shape >= 2)
        {
            weights[DecisionKind.Share] = shape == 2 ? 6 : 1;
            weights[DecisionKind.Suspend] = 2;
            weights[DecisionKind.Crash] = 1;
            weights[DecisionKind.Open] = 4;
            weights[DecisionKind.ResumeSuspended] = 5;
        }

        if (isRough)
        {
            weights[DecisionKind.PeerClose] = 1;
            weights[DecisionKind.Close] = shape >= 2 ? 3 : 1;
            weights[DecisionKind.Stop] = shape == 0 ? 0 : 1;
        }

        return new SimulationProfile
        {
            Name = name,
            Queues = queues,
            Connections = random.Next(1, 5),
            Decisions = random.Next(30, 160),
            Buffers = random.Next(4) switch { 0 => 4, 1 => 8, 2 => 16, _ => 40 },
            BuffersPerTurn = random.Next(3) switch { 0 => 1, 1 => 4, _ => 512 },
            CompletionEntries = random.Next(3) == 0 ? 64 : 256,
            Grows = random.Next(4) == 0,
            ChecksBorrows = random.Next(2) == 0,
            LongestSend = random.Next(3) switch { 0 => 200, 1 => 5_000, _ => 20_000 },
            Release = random.Next(4) switch { 0 => EmulatedKernelProfile.Linux71, 1 => EmulatedKernelProfile.Linux72, _ => EmulatedKernelProfile.Linux73 },
            SpinBeforeSleep = TimeSpan.FromMicroseconds(random.Next(2) * 20),
            Weights = weights,
            IsRough = isRough,
        };
    }
}
