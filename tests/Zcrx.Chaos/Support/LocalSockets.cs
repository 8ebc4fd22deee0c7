using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Creates sockets in the network namespace of this process.</summary>
internal sealed class LocalSockets : ISocketSource
{
    public Socket Create() => BoundSocket.Create();
}
