using Zcrx.Interop.Nic.Preflight;

namespace Zcrx.Interop;

/// <summary>Checks the conditions for registering a zero-copy queue on an RX queue of a network interface.</summary>
/// <param name="Items">The results of the checks, the most important first.</param>
public sealed record NicPreflight(IReadOnlyList<PreflightItem> Items)
{
    /// <summary>Gets a value indicating whether no check has found an obstacle to a registration.</summary>
    public bool CanRegister => Items.All(static item => item.Outcome is PreflightOutcome.Passed or PreflightOutcome.Warning or PreflightOutcome.HostSide);

    /// <summary>Runs all checks without changing anything.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="rxQueue">The index of the RX queue.</param>
    /// <param name="areaSize">The size of the area in bytes.</param>
    /// <returns>The results of the checks. The method does not throw, whatever the state of the interface.</returns>
    /// <remarks>
    /// The kernel does not report whether a driver has queue management, which a registration needs. For a driver that this library does
    /// not know, only <see cref="Try"/> determines it.
    /// </remarks>
    public static NicPreflight Look(string interfaceName, int rxQueue, long areaSize)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentOutOfRangeException.ThrowIfNegative(rxQueue);
        NicFacts? nic = null;
        ZcrxException? unreadable = null;
        try
        {
            nic = new NetlinkNicFacts().Read(interfaceName);
        }
        catch (ZcrxException exception)
        {
            unreadable = exception;
        }

        return new NicPreflight(PreflightChecks.Run(
            new PreflightFacts(ZcrxCapabilities.Query(new LinuxKernel()), HostFacts.Read(), nic, unreadable, interfaceName, rxQueue, areaSize)));
    }

    /// <summary>Runs all checks like <see cref="Look"/>. If they pass, registers a queue and closes it at once.</summary>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="rxQueue">The index of the RX queue. The driver restarts it twice and may drop packets, which TCP retransmits.</param>
    /// <param name="areaSize">The size of the area in bytes.</param>
    /// <returns>The results of the checks. The last item is the kernel's answer to the registration.</returns>
    public static NicPreflight Try(string interfaceName, int rxQueue, long areaSize)
    {
        NicPreflight looked = Look(interfaceName, rxQueue, areaSize);
        if (!looked.CanRegister)
        {
            return looked;
        }

        PreflightItem answer;
        try
        {
            LinuxKernel kernel = new();
            using IoRing ring = IoRing.Create(kernel, new IoRingOptions());
            InterfaceQueueOptions options = new() { Interface = interfaceName, RxQueue = (uint)rxQueue, AreaSize = (nuint)areaSize };
            InterfaceQueue.Register(ring, options, ZcrxCapabilities.Query(kernel)).Dispose();
            answer = new PreflightItem(PreflightChecks.Registration, PreflightOutcome.Passed, "tried: the kernel registers the queue; it was closed again");
        }
        catch (ZcrxException exception)
        {
            answer = PreflightChecks.Refused(exception, looked.Items);
        }

        return new NicPreflight([.. looked.Items, answer]);
    }
}
