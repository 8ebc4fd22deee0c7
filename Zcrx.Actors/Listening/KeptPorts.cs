using System.Net;
using System.Net.Sockets;

namespace Zcrx.Actors.Listening;

/// <summary>
/// Keeps a predecessor's listening sockets until listeners that are bound at run time take them. Until then, connections wait in
/// the backlogs of the sockets.
/// </summary>
/// <remarks>
/// <para>Ownership: this object closes the sockets that no listener has taken. Threading: any thread.</para>
/// <para>
/// A taken socket stays in <see cref="All"/> until its listener is published or closed. Otherwise a takeover in that time would not find
/// the socket.
/// </para>
/// </remarks>
internal sealed class KeptPorts
{
    private readonly Lock _gate = new();
    private readonly List<KeyValuePair<string, Socket>> _ports = [];
    private readonly List<KeyValuePair<string, Socket>> _taken = [];

    /// <summary>
    /// Gets the sockets with the names of their listeners. This includes sockets that a listener has taken and that are not removed yet.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, Socket>> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _ports, .. _taken];
            }
        }
    }

    /// <summary>Gets the listener names of the sockets that no listener has taken.</summary>
    public IReadOnlyList<string> Waiting
    {
        get
        {
            lock (_gate)
            {
                return [.. _ports.Select(static port => port.Key)];
            }
        }
    }

    /// <summary>Adds sockets. This object owns them until they are taken.</summary>
    public void Add(IEnumerable<KeyValuePair<string, Socket>> ports)
    {
        lock (_gate)
        {
            _ports.AddRange(ports);
        }
    }

    /// <summary>Takes the socket that listens on an address. With port 0, takes the socket of the listener with the given name.</summary>
    /// <returns>
    /// The socket; null if there is none. The caller owns it, and calls <see cref="Remove"/> when the listener is published or closes the
    /// socket.
    /// </returns>
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

            KeyValuePair<string, Socket> port = _ports[found];
            _ports.RemoveAt(found);
            _taken.Add(port);
            return port.Value;
        }
    }

    /// <summary>Removes a taken socket, because its listener is published or is about to close it.</summary>
    public void Remove(Socket socket)
    {
        lock (_gate)
        {
            _taken.RemoveAll(port => port.Value == socket);
        }
    }

    /// <summary>Closes the sockets that no listener has taken.</summary>
    /// <returns>The addresses of the closed sockets.</returns>
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
