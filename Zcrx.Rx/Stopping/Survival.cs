namespace Zcrx.Rx.Stopping;

/// <summary>What becomes of a connection when its queue ends.</summary>
internal enum Survival
{
    /// <summary>It waits for another queue: every byte that the kernel took from its socket has been delivered.</summary>
    GoesOn,

    /// <summary>It ends, at a position that is known: nothing was taken from its socket that was not delivered.</summary>
    Ends,

    /// <summary>It ends because nobody knows whether bytes were taken from its socket that nobody has seen.</summary>
    IsBroken,
}
