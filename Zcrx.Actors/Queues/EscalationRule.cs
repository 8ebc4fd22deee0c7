namespace Zcrx.Actors.Queues;

/// <summary>Decides about connections whose queue has ended. Pure.</summary>
internal static class EscalationRule
{
    /// <param name="state">The state of their own queue.</param>
    /// <param name="delay">The whole delay before it is opened again, while it waits for that.</param>
    /// <param name="patience">How long connections wait for their own queue while another one is open.</param>
    /// <param name="whenGivenUp">The configured escalation.</param>
    /// <param name="openElsewhere">Whether another queue is open.</param>
    /// <param name="hopeElsewhere">Whether another queue is being opened, or will be.</param>
    public static ConnectionFate Decide(
        QueueState state, TimeSpan? delay, TimeSpan patience, ZcrxEscalation whenGivenUp, bool openElsewhere, bool hopeElsewhere) => state switch
    {
        QueueState.Open => ConnectionFate.GoHome,
        QueueState.Restarting when delay > patience && openElsewhere && whenGivenUp != ZcrxEscalation.EndConnections => ConnectionFate.GoElsewhere,
        QueueState.Failed when whenGivenUp == ZcrxEscalation.EndConnections => ConnectionFate.End,
        QueueState.Failed when openElsewhere => ConnectionFate.GoElsewhere,
        QueueState.Failed when !hopeElsewhere => ConnectionFate.End,
        QueueState.Stopped => ConnectionFate.End,
        _ => ConnectionFate.Wait,
    };
}

/// <summary>Says where suspended connections continue.</summary>
internal enum ConnectionFate
{
    /// <summary>Their own queue is open and resumes them.</summary>
    GoHome,

    /// <summary>Connections stay suspended.</summary>
    Wait,

    /// <summary>Other queues resume them.</summary>
    GoElsewhere,

    /// <summary>No queue can resume them: they end with an error.</summary>
    End,
}
