namespace Zcrx.Rx.Connections;

/// <summary>Provides the members of a connection that its sending half needs. Thread-safe.</summary>
internal interface ISendingConnection
{
    /// <summary>Gets the name of the connection, for errors.</summary>
    string Name { get; }

    /// <summary>
    /// Gets a value indicating whether the peer or the network has ended the connection. Meaningful once the socket is closed.
    /// </summary>
    bool IsBroken { get; }

    /// <summary>Gets why the connection is closed, as a clause. Meaningful once the socket is closed.</summary>
    string WhyClosed { get; }

    /// <summary>Gets the batch that collects the sends of the ring thread; null when there is none.</summary>
    SendBatch? Batch { get; }

    /// <summary>Ends the connection after a failed send.</summary>
    void Fail(ConnectionFailure failure, bool abort);

    /// <summary>Records that a send waits, so that the connection stays open for it.</summary>
    void BeginWork();

    /// <summary>Records that the send has ended.</summary>
    void EndWork();

    /// <summary>Makes the ring thread look at the connection, whose closing or leaving may have waited for a send.</summary>
    void Synchronize();

    /// <summary>Requests a call of <see cref="ConnectionSender.OnWritable"/> once the socket has room.</summary>
    void AwaitRoom();
}
