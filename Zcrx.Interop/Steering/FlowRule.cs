using System.Net;

namespace Zcrx.Interop;

/// <summary>A flow rule of a network interface: TCP packets that match go to one RX queue, whatever RSS says (<c>ethtool -N</c>).</summary>
/// <param name="Queue">The RX queue.</param>
/// <param name="LocalPort">Destination port, or null for any.</param>
/// <param name="RemotePort">Source port, or null for any.</param>
/// <param name="LocalAddress">Destination address, or null for any.</param>
/// <param name="RemoteAddress">Source address, or null for any.</param>
public sealed record FlowRule(
    int Queue, int? LocalPort = null, int? RemotePort = null, IPAddress? LocalAddress = null, IPAddress? RemoteAddress = null)
{
    /// <summary>Whether the packets of a flow match.</summary>
    /// <param name="local">Our end.</param>
    /// <param name="remote">The peer's.</param>
    /// <returns>True when every part that is given is the flow's.</returns>
    public bool Matches(IPEndPoint local, IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        return (LocalPort is null || LocalPort == local.Port) &&
            (RemotePort is null || RemotePort == remote.Port) &&
            (LocalAddress is null || LocalAddress.Equals(local.Address)) &&
            (RemoteAddress is null || RemoteAddress.Equals(remote.Address));
    }
}
