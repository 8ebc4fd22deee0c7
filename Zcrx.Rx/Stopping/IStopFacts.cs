namespace Zcrx.Rx.Stopping;

/// <summary>Provides what <see cref="StopMachine"/> decides from. Some of it takes a system call per connection, so it is read only when it matters.</summary>
internal interface IStopFacts
{
    /// <summary>Gets a value indicating whether a connection that wants to receive has something to receive.</summary>
    bool HasUnreceived { get; }

    /// <summary>Gets a value indicating whether everything that had arrived has been delivered, the ends of streams included, and all leases have come back.</summary>
    bool IsDrained { get; }

    bool HasListeners { get; }

    bool HasConnections { get; }

    /// <summary>Gets a value indicating whether the kernel has receives.</summary>
    bool HasRequests { get; }
}
