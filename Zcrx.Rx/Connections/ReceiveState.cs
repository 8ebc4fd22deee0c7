namespace Zcrx.Rx.Connections;

/// <summary>Specifies the state of a connection's receive request. Only the ring thread changes it.</summary>
internal enum ReceiveState
{
    /// <summary>The kernel has no request.</summary>
    Idle,

    /// <summary>The kernel has no request yet. The ring thread issues one in this turn.</summary>
    Queued,

    /// <summary>The kernel has a request.</summary>
    Armed,

    /// <summary>The kernel has a request and was asked to cancel it.</summary>
    Cancelling,
}
