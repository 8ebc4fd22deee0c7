using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.TestSupport;

namespace Zcrx.Chaos.Support;

/// <summary>Creates sockets in another network namespace.</summary>
internal sealed class NamespaceSockets(string name) : ISocketSource
{
    public Socket Create()
    {
        try
        {
            return NetworkNamespace.Run(name, BoundSocket.Create);
        }
        catch (IOException exception) when (exception.HResult == Errno.EMFILE)
        {
            // Entering the namespace needs a descriptor, too.
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }
}
