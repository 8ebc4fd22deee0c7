namespace Zcrx.Rx.Receiving;

/// <summary>Publishes what happens to connections.</summary>
internal interface IReceiveEvents
{
    /// <summary>A connection stalls, or a stall is over.</summary>
    void Stalled(ConnectionReceiver connection, int waiting, TimeSpan duration, bool isOver);

    /// <summary>An observer threw, and had no handler for its own error.</summary>
    /// <param name="connection">The connection; null for an observer of a listener or of the queue's events.</param>
    /// <param name="exception">The exception.</param>
    void Faulted(ConnectionReceiver? connection, Exception exception);
}
