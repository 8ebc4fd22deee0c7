using System.Net;
using System.Net.Sockets;

namespace Zcrx.Actors.Listening;

/// <summary>Keeps listening sockets of a predecessor that no listener has yet, for listeners that are bound at run time. Connections wait in their backlogs.</summary>
/// <remarks>Ownership: this object closes what was not taken. Threading: any thread.</remarks>
internal sealed class KeptPorts
{
    private readonly Lock _gate = new();
    private readonly List<KeyValuePair<string, Socket>> _ports = [];

    /// <summary>Gets the sockets with the names of their listeners.</summary>
    public IReadOnlyList<KeyValuePair<string, Socket>> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _ports];
            }
        }
    }

    /// <summary>Adds sockets, which belong to this object from now on.</summary>
    public void Add(IEnumerable<KeyValuePair<string, Socket>> ports)
    {
        lock (_gate)
        {
            _ports.AddRange(ports);
        }
    }

    /// <summary>Takes the socket of an address; with port 0 that of a name.</summary>
    /// <returns>The socket, owned by the caller; null if there is none.</returns>
    public Socket? Take(string name, IPEndPoint endPoint)
    {
        lock (_gate)
        {
            int found = _ports.FindIndex(port => port.Value.LocalEndPoint is IPEndPoint bound
                && bound.Address.Equals(endPoint.Address)
                && (endPoint.Port == 0 ? port.Key == name : bound.Port == endPoint.Port));
            if (found < 0)
            {
                return null;
            }

            Socket socket = _ports[found].Value;
            _ports.RemoveAt(found);
            return socket;
        }
    }

    /// <summary>Closes the sockets.</summary>
    /// <returns>The addresses of those that it has closed.</returns>
    public IReadOnlyList<EndPoint> Close()
    {
        lock (_gate)
        {
            EndPoint[] closed = [.. _ports.Select(static port => port.Value.LocalEndPoint!)];
            _ports.ForEach(static port => port.Value.Dispose());
            _ports.Clear();
            return closed;
        }
    }
}
