using System.Net;
using Zcrx.Rx.Limits;

namespace Zcrx.Rx;

/// <summary>Applies the limits of one listener, over all queues that accept on it.</summary>
/// <remarks>
/// Threading: all members are thread-safe. The gate counts connections until they are closed, even after they have moved to other queues.
/// </remarks>
public sealed class ListenerGate
{
    private readonly Lock _gate = new();
    private readonly AdmissionRule _rule;
    private long _refused;

    /// <summary>Initializes the gate.</summary>
    /// <param name="name">The name of the listener, for reports.</param>
    /// <param name="options">The limits. Later changes of the object have no effect.</param>
    public ListenerGate(string name, ZcrxListenOptions options)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        Name = name;
        MaxConnections = options.MaxConnections;
        FirstByteTimeout = options.FirstByteTimeout;
        IdleTimeout = options.IdleTimeout;
        _rule = new AdmissionRule(options.MaxConnections, options.MaxConnectionsPerAddress);
    }

    /// <summary>Gets the name of the listener.</summary>
    public string Name { get; }

    /// <summary>Gets the maximum number of connections; 0 for no limit.</summary>
    public int MaxConnections { get; }

    /// <summary>Gets the number of open connections.</summary>
    public int Connections
    {
        get
        {
            lock (_gate)
            {
                return _rule.Count;
            }
        }
    }

    /// <summary>Gets the number of connections that were refused.</summary>
    public long Refused => Volatile.Read(ref _refused);

    internal TimeSpan FirstByteTimeout { get; }

    internal TimeSpan IdleTimeout { get; }

    /// <summary>Admits a connection, or returns the limit that forbids it.</summary>
    internal ZcrxLimit? Enter(IPAddress? address)
    {
        ZcrxLimit? limit;
        lock (_gate)
        {
            limit = _rule.Enter(address);
        }

        if (limit is not null)
        {
            Interlocked.Increment(ref _refused);
        }

        return limit;
    }

    /// <summary>Stops counting an admitted connection when the connection is closed.</summary>
    internal void LeaveWhen(Task closed, IPAddress? address) => _ = closed.ContinueWith(
        _ =>
        {
            lock (_gate)
            {
                _rule.Leave(address);
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
