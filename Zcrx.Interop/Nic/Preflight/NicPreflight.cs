using Zcrx.Interop.Nic.Preflight;

namespace Zcrx.Interop;

/// <summary>What stands between this process and a zero-copy queue on an RX queue of a network interface.</summary>
/// <param name="Items">What was looked at, in the order in which it matters.</param>
public sealed record NicPreflight(IReadOnlyList<PreflightItem> Items)
{
    /// <summary>Whether nothing was found that would make a registration fail.</summary>
    public bool CanRegister => Items.All(static item => item.Outcome is PreflightOutcome.Passed or PreflightOutcome.Warning or PreflightOutcome.HostSide);

    /// <summary>Looks at everything, and changes nothing.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="rxQueue">The RX queue.</param>
    /// <param name="areaSize">The memory that is to receive, in bytes.</param>
    /// <returns>What was found; whatever the interface is like, this does not throw.</returns>
    /// <remarks>Whether a driver has queue management cannot be read anywhere: for one that is not known to, only <see cref="Try"/> tells.</remarks>
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

    /// <summary>As <see cref="Look"/>; and where nothing was found that would make a registration fail, registers a queue and gives it back at once.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="rxQueue">The RX queue. The driver restarts it twice, and may drop what is on its way; TCP sends that again.</param>
    /// <param name="areaSize">The memory that is to receive, in bytes.</param>
    /// <returns>What was found, with the kernel's own answer as the last item.</returns>
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
            answer = new PreflightItem(PreflightChecks.Registration, PreflightOutcome.Passed, "tried: the kernel registers the queue; it was given back");
        }
        catch (ZcrxException exception)
        {
            answer = PreflightChecks.Refused(exception, looked.Items);
        }

        return new NicPreflight([.. looked.Items, answer]);
    }
}
