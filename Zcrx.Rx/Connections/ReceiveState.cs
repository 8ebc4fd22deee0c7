namespace Zcrx.Rx.Connections;

/// <summary>Specifies the state of a connection's receive. Only the ring thread changes it.</summary>
internal enum ReceiveState
{
    /// <summary>The kernel has no receive, and none is queued.</summary>
    Idle,

    /// <summary>The receive is queued, and the ring thread issues it in this turn.</summary>
    Queued,

    /// <summary>The kernel has the receive.</summary>
    Armed,

    /// <summary>The kernel has the receive, and its cancellation was requested.</summary>
    Cancelling,
}
