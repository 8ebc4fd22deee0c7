using System.Net.Sockets;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Presents an interface as the netkit interface of a container.</summary>
internal sealed class ContainerNicFacts(INicFacts inner) : INicFacts
{
    public NicFacts Read(string interfaceName) => inner.Read(interfaceName) with { Driver = "netkit", HasDevice = false };

    public RxQueueId? QueueOf(Socket socket) => inner.QueueOf(socket);
}
