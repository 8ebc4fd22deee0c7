namespace Zcrx.Rx.Ring;

/// <summary>Specifies a callback on the ring thread that may run code of the application.</summary>
internal enum RingCallback
{
    /// <summary>Its own work, or posted work.</summary>
    None,

    /// <summary>The handler of a connection that was accepted.</summary>
    Accept,

    /// <summary>The observers of a connection's stream.</summary>
    OnNext,

    /// <summary>The observers of a connection's stream, about its end.</summary>
    End,
}
