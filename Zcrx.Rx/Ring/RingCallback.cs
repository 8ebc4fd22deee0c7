namespace Zcrx.Rx.Ring;

/// <summary>Specifies a callback on the ring thread that may run code of the application.</summary>
internal enum RingCallback
{
    /// <summary>No callback: the thread does its own work, or posted work.</summary>
    None,

    /// <summary>The handler of a connection that was accepted.</summary>
    Accept,

    /// <summary>The observers of a connection's stream, which receive a buffer.</summary>
    OnNext,

    /// <summary>The observers of a connection's stream, which receive its end.</summary>
    End,
}
