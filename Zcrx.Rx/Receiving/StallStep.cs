namespace Zcrx.Rx.Receiving;

/// <summary>Specifies the step after a check of a connection.</summary>
internal enum StallStep
{
    /// <summary>Nothing: the connection receives, or has nothing to receive.</summary>
    None,

    /// <summary>Cancel the receive and issue it again: bytes wait, and none was received since the last check.</summary>
    Rearm,

    /// <summary>Like <see cref="Rearm"/>, and report the stall.</summary>
    Report,

    /// <summary>Report that the stall is over.</summary>
    Recovered,
}
