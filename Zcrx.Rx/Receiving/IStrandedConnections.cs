namespace Zcrx.Rx.Receiving;

/// <summary>Finds another queue for a connection whose next bytes its own queue cannot receive.</summary>
internal interface IStrandedConnections
{
    /// <summary>
    /// Requests another queue for a connection whose next bytes lie in the memory of another interface queue. Must return at once, because
    /// it runs on the ring thread.
    /// </summary>
    /// <param name="connection">The connection. It waits until it is moved or <see cref="ReceiveScheduler.FailStranded"/> ends it.</param>
    /// <param name="position">The number of bytes that the connection has received so far.</param>
    void OnStranded(ConnectionReceiver connection, long position);
}
