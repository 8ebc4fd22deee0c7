using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;

namespace Zcrx.Chaos.Faults;

/// <summary>Represents one queue and gives access to its faults.</summary>
internal sealed class QueueUnderFire(Published<QueueSnapshot> queue, EmulatedFaultPlan? plan, EmulatedNic? nic)
{
    public QueueSnapshot Now => queue.Value;

    public string Name => Now.Name;

    /// <summary>Gets the fault plan; null on a real kernel.</summary>
    public EmulatedFaultPlan? Plan => plan;

    /// <summary>Gets the emulated NIC of the queue; null for none.</summary>
    public EmulatedNic? Nic => nic;
}
