namespace Zcrx.Actors.Supervision;

/// <summary>What becomes of connections that wait for a queue.</summary>
internal enum ConnectionFate
{
    /// <summary>Their own queue is open: it goes on with them.</summary>
    GoHome,

    /// <summary>They wait.</summary>
    Wait,

    /// <summary>Other queues go on with them.</summary>
    GoElsewhere,

    /// <summary>Nobody will: they end with an error.</summary>
    End,
}
