namespace Zcrx.Rx.Connections;

/// <summary>Gives the sender of a connection access to the connection. Thread-safe.</summary>
internal interface ISendingConnection
{
    /// <summary>Gets the name of the connection, for error messages.</summary>
    string Name { get; }

    /// <summary>Gets a value indicating whether an error of the socket ended the connection. Valid once the socket is closed.</summary>
    bool IsBroken { get; }

    /// <summary>Gets the reason for which the connection was closed, as a clause. Valid once the socket is closed.</summary>
    string WhyClosed { get; }

    /// <summary>Gets the batch that collects sends on the ring thread; null when the queue does not batch sends.</summary>
    SendBatch? Batch { get; }

    /// <summary>Ends the connection after a failed send.</summary>
    void Fail(ConnectionFailure failure, bool abort);

    /// <summary>Records that a send waits. The connection stays open until the send has ended.</summary>
    void BeginWork();

    /// <summary>Records that the waiting send has ended.</summary>
    void EndWork();

    /// <summary>Makes the ring thread examine the connection, because its close or move may have waited for a send.</summary>
    void Synchronize();

    /// <summary>Requests that <see cref="ConnectionSender.OnWritable"/> is called when the socket has room.</summary>
    void AwaitRoom();
}
