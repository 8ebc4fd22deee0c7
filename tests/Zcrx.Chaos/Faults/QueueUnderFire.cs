using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;

namespace Zcrx.Chaos.Faults;

/// <summary>Represents a queue into which faults are injected, with the means to inject them.</summary>
internal sealed class QueueUnderFire(Published<QueueSnapshot> queue, EmulatedFaultPlan? plan, EmulatedNic? nic)
{
    public QueueSnapshot Now => queue.Value;

    public string Name => Now.Name;

    /// <summary>Gets the fault plan of the emulated kernel, or null on a real kernel.</summary>
    public EmulatedFaultPlan? Plan => plan;

    /// <summary>Gets the emulated interface of the queue, or null if it has none.</summary>
    public EmulatedNic? Nic => nic;
}
