namespace Zcrx.Actors.Supervision;

/// <summary>Decides about connections whose queue has ended. Pure.</summary>
internal static class EscalationRule
{
    /// <param name="state">Where their own queue stands.</param>
    /// <param name="delay">While it waits to be opened again: how long in all.</param>
    /// <param name="patience">How long connections wait for their own queue when another is open.</param>
    /// <param name="whenGivenUp">What was asked for.</param>
    /// <param name="openElsewhere">Whether another queue is open.</param>
    /// <param name="hopeElsewhere">Whether another queue is being opened, or will be.</param>
    public static ConnectionFate Decide(QueueState state, TimeSpan? delay, TimeSpan patience, ZcrxEscalation whenGivenUp, bool openElsewhere, bool hopeElsewhere) => state switch
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
