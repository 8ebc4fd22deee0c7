namespace Zcrx.Rx.Stopping;

/// <summary>Specifies the next step of a queue that ends.</summary>
internal enum StopStep
{
    /// <summary>Do nothing: the queue is open, or waits for requests, consumers or peers.</summary>
    None,

    /// <summary>
    /// End all streams, because their bytes were delivered or the time for receiving is over. Then wait for the consumers.
    /// </summary>
    EndStreams,

    /// <summary>Cancel the requests of all connections, because draining is over.</summary>
    Cancel,

    /// <summary>End the ring thread.</summary>
    End,
}
