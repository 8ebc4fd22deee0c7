namespace Zcrx.Actors.Queues;

/// <summary>Decides whether suspended connections wait, resume or end. Holds no state.</summary>
internal static class RelocationRule
{
    /// <param name="state">The state of the connections' own queue.</param>
    /// <param name="delay">The full length of the current restart delay of that queue; null if it is not waiting for a restart.</param>
    /// <param name="relocateAfter">
    /// The longest restart delay for which connections wait for their own queue while another queue is open.
    /// </param>
    /// <param name="whenGivenUp">The configured treatment of the connections of a queue that is given up.</param>
    /// <param name="othersOpen">True if another queue is open.</param>
    /// <param name="othersMayOpen">True if another queue is being opened or will be opened.</param>
    public static SuspendedOutcome Decide(
        QueueState state, TimeSpan? delay, TimeSpan relocateAfter, ZcrxEscalation whenGivenUp, bool othersOpen, bool othersMayOpen) => state switch
    {
        QueueState.Open => SuspendedOutcome.ResumeOnOwn,
        QueueState.Restarting when delay > relocateAfter && othersOpen && whenGivenUp != ZcrxEscalation.EndConnections => SuspendedOutcome.ResumeOnOthers,
        QueueState.Failed when whenGivenUp == ZcrxEscalation.EndConnections => SuspendedOutcome.End,
        QueueState.Failed when othersOpen => SuspendedOutcome.ResumeOnOthers,
        QueueState.Failed when !othersMayOpen => SuspendedOutcome.End,
        QueueState.Stopped => SuspendedOutcome.End,
        _ => SuspendedOutcome.Wait,
    };
}

/// <summary>Specifies what happens to suspended connections.</summary>
internal enum SuspendedOutcome
{
    /// <summary>The connections' own queue is open and resumes them.</summary>
    ResumeOnOwn,

    /// <summary>The connections stay suspended.</summary>
    Wait,

    /// <summary>Other queues resume the connections.</summary>
    ResumeOnOthers,

    /// <summary>The connections end with an error, because no queue can resume them or they must not be moved.</summary>
    End,
}
