using Zcrx.Rx;

namespace Zcrx.Cluster.Membership;

/// <summary>
/// Pauses the connections of one listener while this node is on the side of a minority. The shards of the other side cannot acknowledge
/// their frames then.
/// </summary>
/// <remarks>Threading: any thread.</remarks>
internal sealed class PortConnections
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ZcrxConnection, IDisposable?> _connections = [];
    private bool _isPaused;

    /// <summary>Returns a handler that calls the given handler, and tracks each connection until it is closed.</summary>
    public Func<ZcrxConnection, IDisposable> Track(Func<ZcrxConnection, IDisposable> handler) => connection =>
    {
        lock (_gate)
        {
            // A port that is about to close may accept a connection after the pause has begun.
            _connections.Add(connection, _isPaused ? connection.Hold() : null);
        }

        // If the connection is already closed, the continuation runs at once.
        _ = connection.Closed.ContinueWith(_ => Forget(connection), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return handler(connection);
    };

    /// <summary>Pauses all connections, or resumes them.</summary>
    public void SetPaused(bool isPaused)
    {
        lock (_gate)
        {
            if (isPaused == _isPaused)
            {
                return;
            }

            _isPaused = isPaused;
            foreach ((ZcrxConnection connection, IDisposable? hold) in _connections.ToArray())
            {
                hold?.Dispose();
                _connections[connection] = isPaused ? connection.Hold() : null;
            }
        }
    }

    private void Forget(ZcrxConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
        }
    }
}
