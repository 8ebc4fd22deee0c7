namespace Zcrx.Interop.Nic.Preflight;

/// <summary>All that the checks look at.</summary>
/// <param name="Capabilities">What the kernel can do.</param>
/// <param name="Host">What this process may do.</param>
/// <param name="Nic">The interface; null when it cannot be read.</param>
/// <param name="Unreadable">Why not.</param>
/// <param name="Interface">Its name.</param>
/// <param name="RxQueue">The RX queue.</param>
/// <param name="AreaSize">In bytes.</param>
internal sealed record PreflightFacts(
    ZcrxCapabilities Capabilities, HostFacts Host, NicFacts? Nic, ZcrxException? Unreadable, string Interface, int RxQueue, long AreaSize);
