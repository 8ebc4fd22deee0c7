using Zcrx.Rx;

namespace Zcrx.Cluster.Membership;

/// <summary>
/// Pauses the connections of one listener while this node can reach only a minority of the members. Shards on the other members then cannot
/// acknowledge the frames of these connections.
/// </summary>
/// <remarks>Threading: any thread.</remarks>
internal sealed class PortConnections
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ZcrxConnection, IDisposable?> _connections = [];
    private bool _isPaused;

    /// <summary>Wraps a handler of connections, so that each connection is tracked until it is closed.</summary>
    public Func<ZcrxConnection, IDisposable> Track(Func<ZcrxConnection, IDisposable> handler) => connection =>
    {
        lock (_gate)
        {
            // A port that is being closed may still accept a connection after the pause has begun. This connection is paused, too.
            _connections.Add(connection, _isPaused ? connection.Hold() : null);
        }

        // Remove the connection once it is closed. If it is closed already, the continuation is scheduled at once.
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
