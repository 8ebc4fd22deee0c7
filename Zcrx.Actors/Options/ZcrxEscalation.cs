namespace Zcrx.Actors;

/// <summary>Specifies what happens to the connections of a queue that is given up.</summary>
public enum ZcrxEscalation
{
    /// <summary>
    /// The other open queues resume equal shares of the connections. If no queue is open, the connections stay suspended while another
    /// queue may still open. If every queue has been given up, they end with an error.
    /// </summary>
    MoveConnections,

    /// <summary>
    /// The queue is opened once more without its NIC, in device-less mode or on the emulated engine, and resumes the connections. If this
    /// fails as well, <see cref="MoveConnections"/> applies. <see cref="ZcrxCommand.RestartQueue"/> tries the NIC again.
    /// </summary>
    FallBack,

    /// <summary>The connections end with an error.</summary>
    EndConnections,
}
