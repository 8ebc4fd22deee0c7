using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Sockets of this process's own network namespace.</summary>
internal sealed class LocalSockets : ISocketSource
{
    public Socket Create() => BoundSocket.Create();
}
