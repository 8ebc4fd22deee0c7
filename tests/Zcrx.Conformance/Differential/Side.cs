using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>One of the two that are compared.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Nic">Its interface, for programs that use one.</param>
internal sealed record Side(KernelUnderTest Kernel, NicSlots? Nic = null)
{
    public override string ToString() => Kernel.ToString();
}
