namespace Zcrx.Rx.Loop;

/// <summary>Finds the queue that can go on for a connection whose own cannot.</summary>
internal interface IStrandedConnections
{
    /// <summary>What comes next lies in the memory of another interface queue. On the ring's thread: must only take note.</summary>
    /// <param name="connection">The connection; waits until it is moved, or until it is given up with <see cref="ReceiveLoop.FailStranded"/>.</param>
    /// <param name="position">Bytes received so far.</param>
    void OnStranded(ZcrxConnection connection, long position);
}
