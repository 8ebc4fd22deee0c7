namespace Zcrx.Rx.Stopping;

/// <summary>
/// Provides the state of a queue from which <see cref="StopMachine"/> decides. Some members make a system call per connection, so they are
/// read only when needed.
/// </summary>
internal interface IStopFacts
{
    /// <summary>
    /// Gets a value indicating whether bytes or the end of a stream wait in the socket of a connection that should receive.
    /// </summary>
    bool HasUnreceived { get; }

    /// <summary>Gets a value indicating whether everything that had arrived was delivered, including the ends of streams.</summary>
    bool IsDelivered { get; }

    /// <summary>Gets a value indicating whether all leases have been released, and no consumer is at work.</summary>
    bool IsDrained { get; }

    bool HasListeners { get; }

    bool HasConnections { get; }

    /// <summary>
    /// Gets a value indicating whether sockets of closed connections still wait for their peer's close. Each wait has a time limit.
    /// </summary>
    bool HasLingering { get; }

    /// <summary>Gets a value indicating whether the kernel still has receive requests of the queue.</summary>
    bool HasRequests { get; }
}
