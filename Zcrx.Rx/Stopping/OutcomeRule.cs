using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Stopping;

/// <summary>Decides the outcome for connections when their queue ends. Has no side effects.</summary>
/// <remarks>
/// The kernel takes bytes from a socket only while the ring thread is inside enter (DEFER_TASKRUN, SINGLE_ISSUER). It posts a completion
/// with data directly to the completion ring, never to the overflow list. Once the ring thread has stopped entering, all taken bytes are
/// therefore in the completion ring. Each position is certain once all completions were read. A closed ring takes no bytes.
/// </remarks>
internal static class OutcomeRule
{
    /// <param name="state">
    /// The state of the connection's receive; <see cref="ReceiveState.Idle"/> once its last completion was handled.
    /// </param>
    /// <param name="isReadToItsEnd">Whether all completions were handled: none was dropped, and none was corrupt.</param>
    /// <param name="wasInterrupted">Whether the ring thread failed while it delivered a buffer of this connection.</param>
    /// <param name="mayWait">Whether this connection can be suspended: suspension is enabled, and its close was not requested.</param>
    public static Outcome Decide(ReceiveState state, bool isReadToItsEnd, bool wasInterrupted, bool mayWait)
    {
        bool hasRequest = state is ReceiveState.Armed or ReceiveState.Cancelling;
        bool isCertain = !wasInterrupted && (!hasRequest || isReadToItsEnd);
        return !isCertain ? Outcome.Fail : mayWait ? Outcome.Resume : Outcome.End;
    }
}
