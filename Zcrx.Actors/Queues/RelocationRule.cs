namespace Zcrx.Actors.Queues;

/// <summary>Decides about suspended connections. Pure.</summary>
internal static class RelocationRule
{
    /// <param name="state">The state of their own queue.</param>
    /// <param name="delay">The whole delay before it is opened again, while it waits for that.</param>
    /// <param name="relocateAfter">The time for which connections wait for their own queue while another one is open.</param>
    /// <param name="whenGivenUp">The configured escalation.</param>
    /// <param name="othersOpen">Whether another queue is open.</param>
    /// <param name="othersMayOpen">Whether another queue is being opened, or will be.</param>
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

/// <summary>Determines where suspended connections continue.</summary>
internal enum SuspendedOutcome
{
    /// <summary>Their own queue is open and resumes them.</summary>
    ResumeOnOwn,

    /// <summary>Connections stay suspended.</summary>
    Wait,

    /// <summary>Other queues resume them.</summary>
    ResumeOnOthers,

    /// <summary>No queue can resume them: they end with an error.</summary>
    End,
}
