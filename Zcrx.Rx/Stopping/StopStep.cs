namespace Zcrx.Rx.Stopping;

/// <summary>Specifies what to do for a queue to end.</summary>
internal enum StopStep
{
    /// <summary>Nothing: the queue is open, or what it waits for has not happened.</summary>
    None,

    /// <summary>End the requests of all connections: draining is over.</summary>
    Cancel,

    /// <summary>End the ring thread.</summary>
    End,
}
