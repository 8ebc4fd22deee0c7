namespace Zcrx.Interop.Nic.Preflight;

/// <summary>Groups the facts that the preflight checks use.</summary>
/// <param name="Capabilities">The capabilities of the kernel.</param>
/// <param name="Host">The permissions of this process.</param>
/// <param name="Nic">The state of the interface; null when it cannot be read.</param>
/// <param name="Unreadable">The reason why the interface cannot be read; null when it can.</param>
/// <param name="Interface">The name of the interface.</param>
/// <param name="RxQueue">The index of the RX queue.</param>
/// <param name="AreaSize">The size of the area in bytes.</param>
internal sealed record PreflightFacts(
    ZcrxCapabilities Capabilities, HostFacts Host, NicFacts? Nic, ZcrxException? Unreadable, string Interface, int RxQueue, long AreaSize);
