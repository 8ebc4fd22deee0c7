using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Describes a generated <see cref="RebalancingWorld"/>. It is printed when a test fails.</summary>
internal sealed record WorldSetup(
    int Seed, bool HasNic, int RxQueues, int Ours, int Connections, double Capacity, bool RulesWork, int Disturbances, ZcrxRebalancingOptions Options)
{
    public static Gen<WorldSetup> All { get; } =
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from hasNic in Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))
        from rxQueues in Gen.Choose(1, 8)
        from ours in Gen.Choose(1, rxQueues)
        from connections in Gen.Choose(0, 20)
        from capacity in Gen.Elements(2_000_000.0, 30_000_000.0, double.MaxValue)
        from rulesWork in Gen.Frequency((5, Gen.Constant(true)), (1, Gen.Constant(false)))
        from disturbances in Gen.Choose(0, 20)
        from moves in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        from steering in Gen.Elements(Enum.GetValues<FlowSteeringPermission>())
        from most in Gen.Elements(2, 5, 1000)
        from rules in Gen.Elements(0, 3, 1000)
        select new WorldSetup(seed, hasNic, rxQueues, ours, connections, capacity, rulesWork, disturbances, new ZcrxRebalancingOptions
        {
            AllowMoves = moves, Steering = steering, MaxActionsPerInterval = most, MaxFlowRules = rules, StormSamples = 2, PressureSamples = 3, CoolDown = TimeSpan.FromSeconds(4),
        });

    public override string ToString() =>
        $"seed {Seed}, NIC {HasNic}, {Ours} of {RxQueues} queues, {Connections} connections, capacity {Capacity}, rules work {RulesWork}, {Disturbances} disturbances, "
        + $"moves {Options.AllowMoves}, steering {Options.Steering}, {Options.MaxActionsPerInterval} actions, {Options.MaxFlowRules} rules";
}
