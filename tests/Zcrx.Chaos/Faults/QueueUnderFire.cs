using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;

namespace Zcrx.Chaos.Faults;

/// <summary>One queue, and what can be done to it.</summary>
internal sealed class QueueUnderFire(Published<QueueSnapshot> queue, EmulatedFaultPlan? plan, EmulatedNic? nic)
{
    public QueueSnapshot Now => queue.Value;

    public string Name => Now.Name;

    /// <summary>On the emulated engine.</summary>
    public EmulatedFaultPlan? Plan => plan;

    /// <summary>On an emulated NIC.</summary>
    public EmulatedNic? Nic => nic;
}
