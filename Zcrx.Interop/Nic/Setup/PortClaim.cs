using System.Net.Sockets;

namespace Zcrx.Interop.Nic.Setup;

/// <summary>Represents the claim of a port, with the flow rules that steer the port's connections to a queue.</summary>
internal sealed class PortClaim(int port, int queue, IReadOnlyList<AddressFamily> families)
{
    public int Port => port;

    public int Queue => queue;

    public IReadOnlyList<AddressFamily> Families => families;

    /// <summary>Gets the ids of the flow rules by address family. A family is missing if another claim has the rule for it.</summary>
    public Dictionary<AddressFamily, int> Rules { get; } = [];
}
