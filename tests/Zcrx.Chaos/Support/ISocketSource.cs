using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Creates the sockets of senders.</summary>
internal interface ISocketSource
{
    /// <summary>Returns the sockets of a network namespace, or those of the namespace of this process if no name is given.</summary>
    static ISocketSource Of(string? namespaceName) => namespaceName is null ? new LocalSockets() : new NamespaceSockets(namespaceName);

    /// <summary>Returns a TCP socket, which the caller owns. Threading: any thread.</summary>
    Socket Create();
}
