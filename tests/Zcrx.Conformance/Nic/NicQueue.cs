using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Nic;

/// <summary>A queue of the NIC under test, and a port whose connections arrive on it.</summary>
internal sealed class NicQueue : IDisposable
{
    private readonly int _listener;
    private readonly List<TcpPair> _connections = [];

    public NicQueue(NicUnderTest nic, int buffers = 256, uint entries = 256, uint? notifications = null)
    {
        Nic = nic;
        Queue = new TestQueue(nic.Kernel, buffers, entries, completionEntries: 1024, notifications, nic: nic);
        (_listener, Port) = Posix.Listen(host: nic.Address);
        nic.Steer(Port, nic.Queue);
    }

    public NicUnderTest Nic { get; }

    public TestQueue Queue { get; }

    public ushort Port { get; }

    /// <summary>A connection from the sender's namespace; ends with the queue at the latest.</summary>
    public TcpPair Connect()
    {
        int client = -1;
        NetworkNamespace.Run(Nic.SenderNamespace, () => client = Posix.Connect(Port, Nic.Address));
        TcpPair connection = TcpPair.Of(Posix.Accept(_listener), client);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Connections to the port arrive on another queue of the NIC.</summary>
    public void SteerAway() => Nic.Steer(Port, Nic.Queue == 0 ? 1u : 0);

    public void SteerBack() => Nic.Steer(Port, Nic.Queue);

    public void Dispose()
    {
        Nic.Unsteer(Port);
        Posix.Close(_listener);
        foreach (TcpPair connection in _connections)
        {
            connection.Dispose();
        }

        Queue.Dispose();
    }
}
