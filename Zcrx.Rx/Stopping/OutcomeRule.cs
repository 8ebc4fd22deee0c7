using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Stopping;

/// <summary>Decides which connections survive the end of their queue. Pure.</summary>
/// <remarks>
/// The kernel takes bytes from a socket only while the ring's thread is inside enter (deferred task work, one issuer), and posts a completion with data directly
/// or not at all: it never waits in the kernel's overflow list. So once that thread has stopped entering, everything that was taken lies in the completion ring,
/// and each position is certain once the ring has been read to its end. A ring that is closed takes nothing any more.
/// </remarks>
internal static class OutcomeRule
{
    /// <param name="state">Where its receive stands; its last completion seen means <see cref="ReceiveState.Idle"/>.</param>
    /// <param name="isReadToItsEnd">Whether all completions have been worked off: none was dropped, none made no sense.</param>
    /// <param name="wasInterrupted">Whether the ring's thread failed while it delivered a buffer of this connection.</param>
    /// <param name="mayWait">Whether connections are suspended, and this one is not to be closed.</param>
    public static Outcome Decide(ReceiveState state, bool isReadToItsEnd, bool wasInterrupted, bool mayWait)
    {
        bool hasRequest = state is ReceiveState.Armed or ReceiveState.Cancelling;
        bool isCertain = !wasInterrupted && (!hasRequest || isReadToItsEnd);
        return !isCertain ? Outcome.Fail : mayWait ? Outcome.Resume : Outcome.End;
    }
}
