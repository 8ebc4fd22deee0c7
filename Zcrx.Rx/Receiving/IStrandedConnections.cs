namespace Zcrx.Rx.Receiving;

/// <summary>Finds the queue that can continue a connection when its own queue cannot.</summary>
internal interface IStrandedConnections
{
    /// <summary>
    /// Records that the next bytes of a connection lie in the memory of another interface queue. Called on the ring
    /// thread, so it must return at once.
    /// </summary>
    /// <param name="connection">
    /// The connection. It waits until it is moved, or until <see cref="ReceiveScheduler.FailStranded"/> ends it.
    /// </param>
    /// <param name="position">The number of bytes received so far.</param>
    void OnStranded(ConnectionReceiver connection, long position);
}
