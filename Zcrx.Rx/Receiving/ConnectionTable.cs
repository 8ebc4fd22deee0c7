using System.Net.Sockets;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Adds connections to a queue. Ring thread only, except <see cref="Abandon"/>.</summary>
internal sealed class ConnectionTable(SlotTable<ConnectionReceiver> connections, IConnectionHost host, IQueuePhase phase, QueueContext context)
{
    private static long _lastId;

    private volatile Action<ConnectionReceiver>? _endAbandoned;

    /// <summary>Adds a connection that was just accepted or attached.</summary>
    /// <param name="socket">The socket. The connection owns it from now on.</param>
    /// <exception cref="SocketException">The peer has disconnected.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public ConnectionReceiver Add(Socket socket) => Add(new ConnectionSocket(socket));

    /// <summary>Adds a connection for a socket that was just accepted or attached.</summary>
    public ConnectionReceiver Add(ConnectionSocket own)
    {
        (int slot, uint generation) = connections.Reserve();
        ConnectionReceiver connection = new(host, own, Interlocked.Increment(ref _lastId), slot, generation);
        Enter(connection);
        context.Counters.ConnectionsOpened++;
        return connection;
    }

    /// <summary>Adds a connection that moves from another queue or was suspended.</summary>
    public void Add(ConnectionReceiver connection)
    {
        (int slot, uint generation) = connections.Reserve();
        connection.Rebind(host, slot, generation);
        connection.EndMove();
        connection.Clear(ReceiveObstacles.Stranded);
        Enter(connection);
    }

    /// <summary>
    /// Ends the connections of a stuck ring thread: the current ones at once, and any that the thread adds later. Any thread.
    /// </summary>
    /// <param name="end">Ends one connection. It may run twice for the same connection, and on two threads at once.</param>
    public void Abandon(Action<ConnectionReceiver> end)
    {
        _endAbandoned = end;
        // Pairs with the fence in Enter. Either this thread sees a new connection, or the ring thread sees _endAbandoned.
        Interlocked.MemoryBarrier();
        Array.ForEach(connections.Snapshot(), end);
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
        Interlocked.MemoryBarrier();
        _endAbandoned?.Invoke(connection);
    }
}
