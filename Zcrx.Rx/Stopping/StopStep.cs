namespace Zcrx.Rx.Stopping;

/// <summary>Specifies the next step of a queue that ends.</summary>
internal enum StopStep
{
    /// <summary>Nothing: the queue is open, or waits.</summary>
    None,

    /// <summary>End the streams: everything that had arrived is delivered. Consumers finish their work.</summary>
    EndStreams,

    /// <summary>Cancel the requests of all connections: draining is over.</summary>
    Cancel,

    /// <summary>End the ring thread.</summary>
    End,
}
