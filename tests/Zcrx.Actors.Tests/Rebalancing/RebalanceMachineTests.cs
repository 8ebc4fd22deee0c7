using FsCheck.Fluent;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Tests that the rebalancer settles when nothing changes any more. Only connections that it cannot help are copied then.
/// </summary>
public class RebalanceMachineTests
{
    // More histories find no further failures. RebalanceMachineRuleTests asserts the single rules.
    private const int Histories = 500;
    // Twenty connections, two actions at a time, with a rest in between.
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

        // Long enough to examine every queue once more.
        world.Degraded.Clear();
        for (int i = 0; i < StepsAtRest; i++)
        {
            world.Step();
            Assert.Equal(0, world.LastActions);
        }

        for (int queue = 0; setup.HasNic && queue < setup.Ours; queue++)
        {
            // A queue below the share of a storm is left alone. Above it, a connection may be copied only if no remedy exists for it.
            if (world.CopiedShare(queue) >= setup.Options.StormShare && world.Received(queue) >= setup.Options.MinSampleBytes)
            {
                Assert.All(world.Copied(queue), id => Assert.Contains(id, world.Degraded));
                Assert.True(setup.Options.Steering == FlowSteeringPermission.Forbidden || !setup.RulesWork || setup.Options.MaxFlowRules < 1000);
            }
        }
    }
}
