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
            // A descriptor is needed to enter the namespace, and none is free.
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
    }
}
