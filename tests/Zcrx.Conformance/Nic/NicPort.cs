using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Nic;

/// <summary>Represents a port with its connections, which arrive on the queue under test or on another one.</summary>
internal sealed class NicPort : IDisposable
{
    private readonly NicUnderTest _nic;
    private readonly int _listener;
    private readonly ushort _port;
    private readonly List<TcpPair> _connections = [];

    public NicPort(NicUnderTest nic)
    {
        _nic = nic;
        (_listener, _port) = Posix.Listen(host: nic.Address);
        SteerBack();
    }

    /// <summary>Gets an RX queue that is not the queue under test.</summary>
    public uint Elsewhere => _nic.Queue == 0 ? 1u : 0;

    /// <summary>Connects from the sender's namespace. The connection ends with the port at the latest.</summary>
    public TcpPair Connect()
    {
        int client = _nic.Connect(_port);
        TcpPair connection = TcpPair.Of(Posix.Accept(_listener), client);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Steers connections of the port to another queue of the NIC.</summary>
    public void SteerAway() => SteerTo(Elsewhere);

    public void SteerBack() => SteerTo(_nic.Queue);

    public void SteerTo(uint queue) => _nic.Steer(_port, queue);

    public void Dispose()
    {
        _nic.Unsteer(_port);
        Posix.Close(_listener);
        foreach (TcpPair connection in _connections)
        {
            // A closed socket exists until its peer has answered, or for minutes if the device is removed. Until then, packets that arrived
            // out of order keep buffers in use, and the queue cannot be released. A reset ends the socket at once.
            connection.ResetOnClose();
            connection.Dispose();
        }
    }
}
