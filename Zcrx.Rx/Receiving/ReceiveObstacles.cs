namespace Zcrx.Rx.Receiving;

/// <summary>Specifies the reasons for which a connection must not receive now.</summary>
[Flags]
internal enum ReceiveObstacles
{
    /// <summary>There is no obstacle, so the kernel should have a receive.</summary>
    None = 0,

    /// <summary>No observer is subscribed. Any thread may cause this, by unsubscribing.</summary>
    Unobserved = 1,

    /// <summary>The application or an operator has paused the connection. Any thread may cause this.</summary>
    Paused = 2,

    /// <summary>A close of the connection was requested. Any thread may cause this.</summary>
    Closing = 4,

    /// <summary>The connection leases too many buffers while the pool is under pressure.</summary>
    Pressure = 8,

    /// <summary>The receive ended because the kernel found no free buffer.</summary>
    Starved = 16,

    /// <summary>The next bytes lie in the memory of another interface queue.</summary>
    Stranded = 32,

    /// <summary>The stream has ended or failed.</summary>
    Ended = 64,

    /// <summary>The queue is ending and suspends the connection.</summary>
    Leaving = 128,

    /// <summary>The connection is being moved to another queue or detached.</summary>
    Moving = 256,

    /// <summary>Combines the obstacles that a lack of buffers causes.</summary>
    Pool = Pressure | Starved,
}
