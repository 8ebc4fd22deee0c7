namespace Zcrx.Rx.Receiving;

/// <summary>Publishes events of connections.</summary>
internal interface IReceiveEvents
{
    /// <summary>Publishes the beginning or the end of a stall.</summary>
    void Stalled(ConnectionReceiver connection, int waiting, TimeSpan duration, bool isOver);

    /// <summary>Publishes an exception that an observer or a handler has thrown.</summary>
    /// <param name="connection">The connection; null for an observer of a listener or of the queue's events.</param>
    /// <param name="exception">The exception.</param>
    void Faulted(ConnectionReceiver? connection, Exception exception);
}
