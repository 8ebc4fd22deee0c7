namespace Zcrx.Actors.Queues;

/// <summary>Decides about connections whose queue has ended. Pure.</summary>
internal static class RelocationRule
{
    /// <param name="state">The state of their own queue.</param>
    /// <param name="delay">The whole delay before it is opened again, while it waits for that.</param>
    /// <param name="patience">How long connections wait for their own queue while another one is open.</param>
    /// <param name="whenGivenUp">The configured escalation.</param>
    /// <param name="openElsewhere">Whether another queue is open.</param>
    /// <param name="hopeElsewhere">Whether another queue is being opened, or will be.</param>
    public static SuspendedOutcome Decide(
        QueueState state, TimeSpan? delay, TimeSpan patience, ZcrxEscalation whenGivenUp, bool openElsewhere, bool hopeElsewhere) => state switch
    {
        QueueState.Open => SuspendedOutcome.ResumeOnOwn,
        QueueState.Restarting when delay > patience && openElsewhere && whenGivenUp != ZcrxEscalation.EndConnections => SuspendedOutcome.ResumeOnOthers,
        QueueState.Failed when whenGivenUp == ZcrxEscalation.EndConnections => SuspendedOutcome.End,
        QueueState.Failed when openElsewhere => SuspendedOutcome.ResumeOnOthers,
        QueueState.Failed when !hopeElsewhere => SuspendedOutcome.End,
        QueueState.Stopped => SuspendedOutcome.End,
        _ => SuspendedOutcome.Wait,
    };
}

/// <summary>Says where suspended connections continue.</summary>
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
