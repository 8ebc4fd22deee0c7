using System.Net.Sockets;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Returns the facts of an interface as if it were the netkit interface of a container.</summary>
internal sealed class ContainerNicFacts(INicFacts inner) : INicFacts
{
    public NicFacts Read(string interfaceName) => inner.Read(interfaceName) with { Driver = "netkit", HasDevice = false };

    public RxQueueId? QueueOf(Socket socket) => inner.QueueOf(socket);
}
