namespace Zcrx.Rx.Ring;

/// <summary>Specifies a callback on the ring thread that may run code of the application.</summary>
internal enum RingCallback
{
    /// <summary>No callback runs. The thread does its own work or posted work.</summary>
    None,

    /// <summary>The handler of a connection that was just accepted runs.</summary>
    Accept,

    /// <summary>Observers of a connection's stream receive a buffer.</summary>
    OnNext,

    /// <summary>Observers of a connection's stream receive its end.</summary>
    End,
}
