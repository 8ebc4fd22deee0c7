using System.Net.Sockets;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Adds connections to a queue. Ring thread only.</summary>
internal sealed class ConnectionTable(SlotTable<ConnectionReceiver> connections, IConnectionHost host, IQueuePhase phase, QueueContext context)
{
    private static long _lastId;

    /// <summary>Adds a connection that was just accepted or attached.</summary>
    /// <param name="socket">The socket. The connection owns it from now on.</param>
    /// <exception cref="SocketException">The peer has gone.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public ConnectionReceiver Add(Socket socket) => Add(new ConnectionSocket(socket));

    /// <summary>Adds a connection that was just accepted or attached.</summary>
    public ConnectionReceiver Add(ConnectionSocket own)
    {
        (int slot, uint generation) = connections.Reserve();
        ConnectionReceiver connection = new(host, own, Interlocked.Increment(ref _lastId), slot, generation);
        Enter(connection);
        context.Counters.ConnectionsOpened++;
        return connection;
    }

    /// <summary>Adds a connection from another queue, or one that was suspended.</summary>
    public void Add(ConnectionReceiver connection)
    {
        (int slot, uint generation) = connections.Reserve();
        connection.Rebind(host, slot, generation);
        connection.EndMove();
        connection.Clear(ReceiveObstacles.Stranded);
        Enter(connection);
    }

    private void Enter(ConnectionReceiver connection)
    {
        if (phase.Suspends)
        {
            connection.Set(ReceiveObstacles.Leaving);
        }
        else
        {
            connection.Clear(ReceiveObstacles.Leaving);
        }

        connections.Set(connection.Slot, connection);
        context.Counters.Connections = connections.Count;
    }
}
