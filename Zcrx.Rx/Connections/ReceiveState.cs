namespace Zcrx.Rx.Connections;

/// <summary>Specifies the state of a connection's receive request. Only the ring thread changes it.</summary>
internal enum ReceiveState
{
    /// <summary>No request with the kernel.</summary>
    Idle,

    /// <summary>To be issued in this turn.</summary>
    Queued,

    /// <summary>The kernel has one.</summary>
    Armed,

    /// <summary>The kernel has one and has been asked to end it.</summary>
    Cancelling,
}
