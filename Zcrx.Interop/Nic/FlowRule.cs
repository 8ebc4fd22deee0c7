using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Zcrx.Interop.Nic;

namespace Zcrx.Interop;

/// <summary>
/// Represents a flow rule of a network interface (<c>ethtool -N</c>). TCP packets that match it go to one RX queue. Without a matching
/// rule, the RSS table selects the RX queue.
/// </summary>
/// <remarks>If several rules match, the most specific one should apply. Not every NIC can follow this order.</remarks>
/// <param name="Queue">The RX queue to which matching packets go.</param>
/// <param name="LocalPort">The destination port of packets; null for any.</param>
/// <param name="RemotePort">The source port of packets; null for any.</param>
/// <param name="LocalAddress">The destination address of packets; null for any.</param>
/// <param name="RemoteAddress">The source address of packets; null for any.</param>
public sealed record FlowRule(
    int Queue,
    int? LocalPort = null,
    int? RemotePort = null,
    [property: JsonConverter(typeof(IPAddressJsonConverter))] IPAddress? LocalAddress = null,
    [property: JsonConverter(typeof(IPAddressJsonConverter))] IPAddress? RemoteAddress = null)
{
    private readonly AddressFamily? _family;

    /// <summary>
    /// Gets the address family of matching packets; null for IPv4 and IPv6. A rule with an address has the family of the address. A real
    /// NIC needs a separate rule for each family.
    /// </summary>
    public AddressFamily? Family
    {
        get => (LocalAddress ?? RemoteAddress)?.AddressFamily ?? _family;
        init => _family = value;
    }

    /// <summary>Gets the number of ports and addresses that the rule specifies. A rule with more of them is more specific.</summary>
    internal int Specificity =>
        (LocalPort is null ? 0 : 1) + (RemotePort is null ? 0 : 1) + (LocalAddress is null ? 0 : 1) + (RemoteAddress is null ? 0 : 1);

    /// <summary>Returns the rule as an argument of <c>ethtool -N</c>.</summary>
    /// <returns>For example <c>flow-type tcp4 dst-port 9000 action 2</c>.</returns>
    public override string ToString() => SteeringText.Of(this);

    /// <summary>Determines whether the packets of a connection match the rule.</summary>
    /// <param name="local">The local end point of the connection.</param>
    /// <param name="remote">The remote end point of the connection.</param>
    /// <returns>True when the connection has every port and address that the rule specifies.</returns>
    public bool Matches(IPEndPoint local, IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        return (Family is null || Family == local.AddressFamily) &&
            (LocalPort is null || LocalPort == local.Port) &&
            (RemotePort is null || RemotePort == remote.Port) &&
            (LocalAddress is null || LocalAddress.Equals(local.Address)) &&
            (RemoteAddress is null || RemoteAddress.Equals(remote.Address));
    }

    /// <summary>
    /// Determines whether another rule is equal. An address family that follows from an address equals one that is specified.
    /// </summary>
    /// <param name="other">The other rule.</param>
    /// <returns>True when both send the same flows to the same queue.</returns>
    public bool Equals(FlowRule? other) => other is not null &&
        Queue == other.Queue && LocalPort == other.LocalPort && RemotePort == other.RemotePort && Family == other.Family &&
        Equals(LocalAddress, other.LocalAddress) && Equals(RemoteAddress, other.RemoteAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Queue, LocalPort, RemotePort, Family, LocalAddress, RemoteAddress);
}
