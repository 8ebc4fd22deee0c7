using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Nic;

/// <summary>
/// Represents a port of the NIC and its connections. They arrive on the queue under test, unless the test steers them to another queue.
/// </summary>
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

    /// <summary>Opens a connection from the sender's network namespace. It is closed with the port at the latest.</summary>
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
            // A closed socket keeps out-of-order packets, and so buffers of the queue, until its peer answers. If the device is removed,
            // that takes minutes. A reset ends the socket at once.
            connection.ResetOnClose();
            connection.Dispose();
        }
    }
}
