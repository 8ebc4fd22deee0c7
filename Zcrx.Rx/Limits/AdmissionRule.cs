using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Limits;

/// <summary>Decides whether a listener admits a connection, from the number of its connections. Does no I/O; not thread-safe.</summary>
/// <param name="maxConnections">The maximum number of connections, or 0 for no limit.</param>
/// <param name="maxPerAddress">The maximum number of connections from one address, or 0 for no limit.</param>
internal sealed class AdmissionRule(int maxConnections, int maxPerAddress)
{
    // A host usually has a whole IPv6 prefix of this length, and can use any address in it.
    private const int HostPrefixBytes = 8;

    private readonly Dictionary<IPAddress, int> _perAddress = [];

    /// <summary>Gets the number of connections that were admitted and have not ended.</summary>
    public int Count { get; private set; }

    /// <summary>Admits a connection, or returns the limit that forbids it.</summary>
    /// <param name="address">
    /// The peer's address. A connection with an unknown address (null) counts only against the listener's limit.
    /// </param>
    public ZcrxLimit? Enter(IPAddress? address)
    {
        if (maxConnections > 0 && Count >= maxConnections)
        {
            return ZcrxLimit.MaxConnections;
        }

        if (maxPerAddress > 0 && address is not null)
        {
            IPAddress host = HostOf(address);
            int present = _perAddress.GetValueOrDefault(host);
            if (present >= maxPerAddress)
            {
                return ZcrxLimit.MaxConnectionsPerAddress;
            }

            _perAddress[host] = present + 1;
        }

        Count++;
        return null;
    }

    /// <summary>Records that an admitted connection has ended.</summary>
    /// <param name="address">The address with which the connection was admitted.</param>
    public void Leave(IPAddress? address)
    {
        Count--;
        if (maxPerAddress > 0 && address is not null)
        {
            IPAddress host = HostOf(address);
            int left = _perAddress[host] - 1;
            if (left == 0)
            {
                _perAddress.Remove(host);
            }
            else
            {
                _perAddress[host] = left;
            }
        }
    }

    /// <summary>Returns the part of an address that identifies the host: an IPv4 address, or the first half of an IPv6 address.</summary>
    private static IPAddress HostOf(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(HostPrefixBytes).Clear();
        return new IPAddress(bytes);
    }
}
