using FsCheck.Fluent;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Tests that the rebalancer settles after the last external change. In a copy storm, the kernel then copies payload only for connections
/// that the rebalancer has reported as degraded.
/// </summary>
public class RebalanceMachineTests
{
    // Runs with a larger number have found no further failures. RebalanceMachineRuleTests tests the single rules.
    private const int Histories = 500;
    // The maximum number of intervals until no action is needed. It suffices for twenty connections with two actions at a time and a
    // cool-down between them.
    private const int StepsToSettle = 100;
    private const int StepsAtRest = 30;

    [Fact]
    public void Any_history_settles_with_every_possible_action_done()
    {
        foreach (WorldSetup setup in WorldSetup.All.Sample(Histories))
        {
            RebalancingWorld world = new(setup);
            try
            {
                Run(setup, world);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"failed with {setup}: {world}", exception);
            }
        }
    }

    private static void Run(WorldSetup setup, RebalancingWorld world)
    {
        for (int i = 0; i < setup.Disturbances; i++)
        {
            world.Disturb();
            world.Step();
            world.Step();
        }

        for (int i = 0; i < StepsToSettle; i++)
        {
            world.Step();
        }

        // Runs enough intervals to examine every queue once more.
        world.Degraded.Clear();
        for (int i = 0; i < StepsAtRest; i++)
        {
            world.Step();
            Assert.Equal(0, world.LastActions);
        }

        for (int queue = 0; setup.HasNic && queue < setup.Ours; queue++)
        {
            // In a queue above the storm share, a connection may be copied only if it is degraded. The rebalancer ignores queues below the
            // storm share.
            if (world.CopiedShare(queue) >= setup.Options.StormShare && world.Received(queue) >= setup.Options.MinSampleBytes)
            {
                Assert.All(world.Copied(queue), id => Assert.Contains(id, world.Degraded));
                Assert.True(setup.Options.Steering == FlowSteeringPermission.Forbidden || !setup.RulesWork || setup.Options.MaxFlowRules < 1000);
            }
        }
    }
}
