namespace Zcrx.Simulation;

/// <summary>Specifies the operator through which the application consumes a stream.</summary>
internal enum OperatorKind
{
    /// <summary>No operator: the application observes the stream on the ring thread.</summary>
    None,

    /// <summary><c>Offload</c> to a scheduler of the simulation.</summary>
    Offload,

    /// <summary><c>ObserveOn</c> with a synchronization context of the simulation.</summary>
    ObserveOn,

    /// <summary><c>Process</c> with one handler or several at a time.</summary>
    Process,

    /// <summary><c>ToAsyncEnumerable</c>.</summary>
    Enumerable,

    /// <summary><c>ToChannel</c>.</summary>
    Channel,

    /// <summary><c>ToPipeReader</c>, from which the application reads whole messages.</summary>
    Pipe,

    /// <summary><c>ForwardToAsync</c> to the same connection: the peer receives its own bytes.</summary>
    Forward,
}
