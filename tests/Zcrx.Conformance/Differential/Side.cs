using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>Represents one of the two sides of a comparison.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Nic">The interface of the kernel, for programs that use one.</param>
internal sealed record Side(KernelUnderTest Kernel, NicSlots? Nic = null)
{
    public override string ToString() => Kernel.ToString();
}
