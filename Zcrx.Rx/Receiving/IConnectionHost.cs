namespace Zcrx.Rx.Receiving;

/// <summary>Represents the queue that a connection belongs to, as the connection sees it. Any thread.</summary>
internal interface IConnectionHost
{
    /// <summary>Gets the name of the queue.</summary>
    string Name { get; }

    /// <summary>Gets a task that ends when the queue has ended.</summary>
    Task Ended { get; }

    /// <summary>Gets what happens to a connection whose last consumer fails.</summary>
    ConsumerFailureAction WhenConsumerFails { get; }

    /// <summary>Something about the connection has changed: the ring thread reconciles its receive.</summary>
    void Synchronize(ConnectionReceiver connection);

    /// <summary>A sender waits for room in the socket.</summary>
    void AwaitRoom(ConnectionReceiver connection);

    /// <summary>An observer threw, and had no handler for its own error.</summary>
    void ReportFault(ConnectionReceiver connection, Exception exception);
}
