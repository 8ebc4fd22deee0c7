using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Creates the sockets of senders.</summary>
internal interface ISocketSource
{
    /// <summary>Returns a TCP socket, which the caller owns. Threading: any thread.</summary>
    Socket Create();
}
