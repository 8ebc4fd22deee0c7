using System.Net.Sockets;

namespace Zcrx.Interop.Nic.Setup;

/// <summary>Represents a listener on a port, and the rules that steer its connections to its queue.</summary>
internal sealed class PortClaim(int port, int queue, IReadOnlyList<AddressFamily> families)
{
    public int Port => port;

    public int Queue => queue;

    public IReadOnlyList<AddressFamily> Families => families;

    /// <summary>Gets the ids of the rules by address family. A family is missing if another claim already has its rule.</summary>
    public Dictionary<AddressFamily, int> Rules { get; } = [];
}
