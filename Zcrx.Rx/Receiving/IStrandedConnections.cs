namespace Zcrx.Rx.Receiving;

/// <summary>Finds the queue that can continue a connection when its own queue cannot.</summary>
internal interface IStrandedConnections
{
    /// <summary>The next bytes of a connection lie in the memory of another interface queue. On the ring thread: must only take note.</summary>
    /// <param name="connection">The connection. It waits until it is moved, or until it is given up with <see cref="ReceiveScheduler.FailStranded"/>.</param>
    /// <param name="position">Bytes received so far.</param>
    void OnStranded(ConnectionReceiver connection, long position);
}
