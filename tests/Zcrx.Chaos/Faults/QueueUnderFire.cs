using Zcrx.Actors.Supervision;
using Zcrx.Interop;

namespace Zcrx.Chaos.Faults;

/// <summary>One queue, and what can be done to it.</summary>
internal sealed class QueueUnderFire(QueueSlot slot, EmulatedFaultPlan? plan, EmulatedNic? nic)
{
    public QueueSlot Slot => slot;

    public string Name => slot.Name;

    /// <summary>On the emulated engine.</summary>
    public EmulatedFaultPlan? Plan => plan;

    /// <summary>On an emulated NIC.</summary>
    public EmulatedNic? Nic => nic;
}
