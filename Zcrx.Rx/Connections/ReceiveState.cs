namespace Zcrx.Rx.Connections;

/// <summary>Specifies the state of a connection's receive request. Only the ring thread changes it.</summary>
internal enum ReceiveState
{
    /// <summary>The kernel has no request.</summary>
    Idle,

    /// <summary>A request is issued in this turn.</summary>
    Queued,

    /// <summary>The kernel has a request.</summary>
    Armed,

    /// <summary>The kernel has a request, whose cancellation was requested.</summary>
    Cancelling,
}
