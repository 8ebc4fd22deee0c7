namespace Zcrx.Interop.Multishot;

/// <summary>Specifies what a receive of the caller waits for.</summary>
internal enum ReceivePhase
{
    /// <summary>A multishot receive is armed.</summary>
    Armed,

    /// <summary>A multishot receive is armed, and was cancelled so that reads can take over.</summary>
    Stopping,

    /// <summary>A poll waits until the socket is readable.</summary>
    Polling,

    /// <summary>The socket is readable. The receive waits for its turn to read.</summary>
    Ready,
}
