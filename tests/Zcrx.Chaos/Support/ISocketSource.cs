using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>Creates the sockets of senders.</summary>
internal interface ISocketSource
{
    /// <summary>Returns the source for a network namespace, or for that of this process if the name is null.</summary>
    static ISocketSource Of(string? namespaceName) => namespaceName is null ? new LocalSockets() : new NamespaceSockets(namespaceName);

    /// <summary>Creates a TCP socket, which the caller disposes. Threading: any thread.</summary>
    Socket Create();
}
