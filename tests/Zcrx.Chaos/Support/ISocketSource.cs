using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Where senders get their sockets from.</summary>
internal interface ISocketSource
{
    /// <summary>A TCP socket, owned by the caller. Any thread.</summary>
    Socket Create();
}
