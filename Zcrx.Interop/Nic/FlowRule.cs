using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Zcrx.Interop.Nic;

namespace Zcrx.Interop;

/// <summary>
/// Represents a flow rule of a network interface: TCP packets that match go to one RX queue instead of the RX queue of the RSS table
/// (<c>ethtool -N</c>).
/// </summary>
/// <remarks>If several rules match, the most specific one should decide. NICs follow this order as far as they can.</remarks>
/// <param name="Queue">The RX queue.</param>
/// <param name="LocalPort">Destination port, or null for any.</param>
/// <param name="RemotePort">Source port, or null for any.</param>
/// <param name="LocalAddress">Destination address, or null for any.</param>
/// <param name="RemoteAddress">Source address, or null for any.</param>
public sealed record FlowRule(
    int Queue,
    int? LocalPort = null,
    int? RemotePort = null,
    [property: JsonConverter(typeof(IPAddressJsonConverter))] IPAddress? LocalAddress = null,
    [property: JsonConverter(typeof(IPAddressJsonConverter))] IPAddress? RemoteAddress = null)
{
    private readonly AddressFamily? _family;

    /// <summary>
    /// Gets the address family: the family of the addresses, or the specified family of a rule without addresses. Null stands for IPv4 and
    /// IPv6. A real NIC needs a separate rule for each.
    /// </summary>
    public AddressFamily? Family
    {
        get => (LocalAddress ?? RemoteAddress)?.AddressFamily ?? _family;
        init => _family = value;
    }

    /// <summary>Gets the number of parts of a flow that the rule specifies.</summary>
    internal int Specificity =>
        (LocalPort is null ? 0 : 1) + (RemotePort is null ? 0 : 1) + (LocalAddress is null ? 0 : 1) + (RemoteAddress is null ? 0 : 1);

    /// <summary>Returns the rule as an argument of <c>ethtool -N</c>.</summary>
    /// <returns>Such as <c>flow-type tcp4 dst-port 9000 action 2</c>.</returns>
    public override string ToString() => SteeringText.Of(this);

    /// <summary>Determines whether the packets of a flow match.</summary>
    /// <param name="local">The local end.</param>
    /// <param name="remote">The remote end.</param>
    /// <returns>True when every specified part equals the same part of the flow.</returns>
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
    /// Determines whether another rule is equal. It does not matter whether the address family is specified or follows from an address.
    /// </summary>
    /// <param name="other">The other rule.</param>
    /// <returns>True when both send the same flows to the same queue.</returns>
    public bool Equals(FlowRule? other) => other is not null &&
        Queue == other.Queue && LocalPort == other.LocalPort && RemotePort == other.RemotePort && Family == other.Family &&
        Equals(LocalAddress, other.LocalAddress) && Equals(RemoteAddress, other.RemoteAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Queue, LocalPort, RemotePort, Family, LocalAddress, RemoteAddress);
}
