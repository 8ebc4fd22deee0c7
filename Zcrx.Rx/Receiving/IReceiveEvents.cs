namespace Zcrx.Rx.Receiving;

/// <summary>Publishes events about connections to the observers of the queue's events.</summary>
internal interface IReceiveEvents
{
    /// <summary>Publishes that a connection has stalled, or that its stall is over.</summary>
    void Stalled(ConnectionReceiver connection, int waiting, TimeSpan duration, bool isOver);

    /// <summary>Publishes an exception that an observer or a handler has thrown.</summary>
    /// <param name="connection">The connection; null for an observer of a listener or of the queue's events.</param>
    /// <param name="exception">The exception that was thrown.</param>
    void Faulted(ConnectionReceiver? connection, Exception exception);
}
