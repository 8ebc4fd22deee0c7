namespace Zcrx.Rx.Ring;

/// <summary>Specifies what a ring thread runs that may be code of the application.</summary>
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
