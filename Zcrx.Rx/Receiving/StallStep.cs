namespace Zcrx.Rx.Receiving;

/// <summary>Specifies what to do after a look at a connection.</summary>
internal enum StallStep
{
    /// <summary>Nothing: the connection receives, or has nothing to receive.</summary>
    None,

    /// <summary>Cancel the receive and issue it again: bytes wait, and none was received since the last look.</summary>
    Rearm,

    /// <summary>Do as for <see cref="Rearm"/>, and report the stall.</summary>
    Report,

    /// <summary>Report that the stall is over.</summary>
    Recovered,
}
