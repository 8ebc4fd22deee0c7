namespace Zcrx.Rx.Receiving;

/// <summary>Specifies the step that follows a check for a stall.</summary>
internal enum StallStep
{
    /// <summary>No step is needed, because the connection receives or has nothing to receive.</summary>
    None,

    /// <summary>Cancel the receive and issue it again, because bytes wait and none were received since the last check.</summary>
    Rearm,

    /// <summary>Cancel the receive and issue it again, and report the stall.</summary>
    Report,

    /// <summary>Report that a reported stall is over.</summary>
    Recovered,
}
