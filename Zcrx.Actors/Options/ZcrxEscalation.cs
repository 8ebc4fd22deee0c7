namespace Zcrx.Actors;

/// <summary>What becomes of the connections of a queue that is given up.</summary>
public enum ZcrxEscalation
{
    /// <summary>The other queues that are open go on with them, each with as many as the next. While none is open and one may be, they wait; when none is left, they end with an error.</summary>
    MoveConnections,

    /// <summary>
    /// The queue is opened once more without its NIC, on the device-less mode or the emulated engine, and goes on with them. If that fails, too, it is as with
    /// <see cref="MoveConnections"/>. <see cref="ZcrxCommand.RestartQueue"/> tries the NIC again.
    /// </summary>
    FallBack,

    /// <summary>They end with an error.</summary>
    EndConnections,
}
