namespace Zcrx.Rx.Receiving;

/// <summary>Specifies the reasons for which a connection must not receive now.</summary>
[Flags]
internal enum ReceiveObstacles
{
    /// <summary>None: the kernel should have a receive.</summary>
    None = 0,

    /// <summary>No observer is subscribed. Set by any thread, through the stream.</summary>
    Unobserved = 1,

    /// <summary>The application or an operator has paused the connection. Set by any thread.</summary>
    Paused = 2,

    /// <summary>The connection is to be closed. Set by any thread.</summary>
    Closing = 4,

    /// <summary>The connection leases too many buffers while the pool is under pressure.</summary>
    Pressure = 8,

    /// <summary>The receive ended because the pool was empty.</summary>
    Starved = 16,

    /// <summary>The next bytes lie in the memory of another queue.</summary>
    Stranded = 32,

    /// <summary>The stream has ended or failed.</summary>
    Ended = 64,

    /// <summary>The queue is ending, and suspends the connection.</summary>
    Leaving = 128,

    /// <summary>The connection is being moved to another queue.</summary>
    Moving = 256,

    /// <summary>All obstacles that the pool causes.</summary>
    Pool = Pressure | Starved,
}
