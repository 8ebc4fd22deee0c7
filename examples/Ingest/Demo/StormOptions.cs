using Ingest.Commands;
using Ingest.Serving;
using Zcrx.Actors;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Ingest.Demo;

/// <summary>Represents the options of the demo's copy storm.</summary>
/// <param name="Receive">The options of the receiver, with the interface to use.</param>
/// <param name="Nic">The emulated NIC, or null if the NIC is a real one.</param>
/// <param name="Forbidden">The remedies that the rebalancer must not use.</param>
/// <param name="Seed">The seed of the scrambled table.</param>
internal sealed record StormOptions(ReceiveOptions Receive, EmulatedNic? Nic, StormRemedies Forbidden, int Seed)
{
    private const int OurQueues = 4;

    /// <summary>
    /// Gets the objects that read and steer the interface. The receiver has its own.
    /// </summary>
    public (INicFacts Facts, IFlowSteering Steering) Access =>
        Nic is null ? (new NetlinkNicFacts(), new NetlinkFlowSteering()) : (new EmulatedNicFacts([Nic]), new EmulatedFlowSteering([Nic]));

    public static StormOptions For(ReceiveOptions receive, StormRemedies forbidden, int seed)
    {
        if (receive.Interface is not null)
        {
            return new StormOptions(receive, null, forbidden, seed);
        }

        if (receive.Engine is not (ZcrxEngine.Auto or ZcrxEngine.Emulated))
        {
            throw new UsageException("--storm needs a NIC: name it with --interface, or let it be emulated.");
        }

        int ours = receive.Queues > 1 ? receive.Queues : OurQueues;
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 * ours });
        return new StormOptions(receive with { Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = 0, Queues = ours }, nic, forbidden, seed);
    }

    /// <summary>Shortens the sampling intervals of a service, because the demo takes only seconds.</summary>
    public void Apply(ZcrxOptions options)
    {
        ZcrxRebalancingOptions rebalancing = options.Rebalancing;
        rebalancing.SampleInterval = TimeSpan.FromMilliseconds(250);
        rebalancing.StormSamples = 2;
        rebalancing.MinSampleBytes = 512 * 1024;
        rebalancing.CoolDown = TimeSpan.FromSeconds(1);
        rebalancing.AllowMoves = !Forbidden.HasFlag(StormRemedies.Moves);
        rebalancing.Steering = Forbidden.HasFlag(StormRemedies.Steering) ? FlowSteeringPermission.Forbidden : FlowSteeringPermission.FlowRules;
        if (Nic is not null)
        {
            for (int i = 0; i < options.Queues.Count; i++)
            {
                options.Queues[i] = options.Queues[i] with { Emulation = new EmulatedKernelOptions { Nics = [Nic] } };
            }
        }
    }
}
