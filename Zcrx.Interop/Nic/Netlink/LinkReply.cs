using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents the state of an interface, or reports its removal.</summary>
internal sealed record LinkReply(uint Index, bool IsGone, uint Flags)
{
    public string? Name { get; init; }

    public int? RxQueues { get; init; }

    public bool HasParent { get; init; }

    public bool HasXdp { get; init; }

    /// <summary>Gets a value indicating whether the interface is up and has a carrier.</summary>
    public bool IsUp => (Flags & (LinuxRtnetlink.IFF_UP | LinuxRtnetlink.IFF_LOWER_UP)) == (LinuxRtnetlink.IFF_UP | LinuxRtnetlink.IFF_LOWER_UP);
}
