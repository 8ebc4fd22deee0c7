namespace Zcrx.Rx.Stopping;

/// <summary>Specifies the outcome for a connection when its queue ends.</summary>
internal enum Outcome
{
    /// <summary>
    /// The connection is suspended until another queue resumes it. Every byte that the kernel took from its socket was delivered.
    /// </summary>
    Resume,

    /// <summary>The connection ends at a known position. Every byte that the kernel took from its socket was delivered.</summary>
    End,

    /// <summary>The connection ends because bytes that no observer has received may have been taken from its socket.</summary>
    Fail,
}
