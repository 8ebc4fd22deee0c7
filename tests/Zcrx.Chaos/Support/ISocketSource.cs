using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Supplies the sockets of senders.</summary>
internal interface ISocketSource
{
    /// <summary>A TCP socket, owned by the caller. Any thread.</summary>
    Socket Create();
}
