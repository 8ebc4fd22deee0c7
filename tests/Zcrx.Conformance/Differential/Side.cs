using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>Represents one of the two sides of a comparison.</summary>
/// <param name="Kernel">The kernel that runs the program.</param>
/// <param name="Nic">The interface of the kernel, or null for programs that use none.</param>
internal sealed record Side(KernelUnderTest Kernel, NicSlots? Nic = null)
{
    public override string ToString() => Kernel.ToString();
}
