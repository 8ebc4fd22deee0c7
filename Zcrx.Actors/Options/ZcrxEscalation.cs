namespace Zcrx.Actors;

/// <summary>Specifies what happens to the connections of a queue that is given up.</summary>
public enum ZcrxEscalation
{
    /// <summary>The other open queues resume them in equal numbers. The connections stay suspended while another queue may still open, and end with an error when none is left.</summary>
    MoveConnections,

    /// <summary>
    /// The queue is opened once more without its NIC, in the device-less mode or on the emulated engine, and resumes them. If that fails as well,
    /// <see cref="MoveConnections"/> applies. <see cref="ZcrxCommand.RestartQueue"/> tries the NIC again.
    /// </summary>
    FallBack,

    /// <summary>The connections end with an error.</summary>
    EndConnections,
}
